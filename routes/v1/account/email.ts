import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { resendVerification } from '../../../src/by-mail/verify-address.ts'
import { Message } from '../../../src/schemas.ts'
import { answer } from '../../contract.ts'

/** One's own address. */
const email: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/auth/email/verification',
    config: { permission: 'self:write', feature: 'mail', limit: 'mail' },
    schema: {
      operationId: 'resendVerification',
      summary: 'Have the link that proves one’s address sent again',
      description: 'Links that were sent before are void. Nothing is sent where the address is proved already.',
      tags: ['Mail'],
      response: { 202: answer(Message, 'A message is on its way, if there is anything to prove') },
    },
    handler: async (request, reply) => {
      await resendVerification(app, request.session.account)
      return reply.code(202).send({ message: 'A message is on its way, unless the address is proved.' })
    },
  })
}

export default email
