import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Noted } from '../../../src/by-mail/schema.ts'
import { resendVerification } from '../../../src/by-mail/verify-address.ts'
import { makeRequestToken } from '../../../src/proofs/request-token.ts'
import { AskerCookie, actorKnownBy, handRequestToken } from '../../asker.ts'
import { answer } from '../../contract.ts'
import { actorOf } from '../../origin.ts'

/** One's own address. */
const email: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/auth/email/verification',
    config: { permission: 'self:write', feature: 'mail', limit: 'mail' },
    schema: {
      operationId: 'resendEmailVerification',
      summary: 'Have the link that proves one’s address sent again',
      description:
        'Links that were sent before stay good, and the first that is used makes the others void; a link that confirms another ' +
        'address replaces the one before. Nothing is sent where the address is proved already.',
      tags: ['email'],
      response: { 202: answer(Noted, 'A message is on its way, if there is anything to prove', AskerCookie) },
    },
    handler: async (request, reply) => {
      const request_token = makeRequestToken()
      await resendVerification(app, request.session.account, actorKnownBy(request_token, actorOf(request)))
      handRequestToken(app, reply, request_token)
      return reply.code(202).send({ message: 'A message is on its way, unless the address is proved.', request_token })
    },
  })
}

export default email
