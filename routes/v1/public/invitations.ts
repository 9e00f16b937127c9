import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PASSWORD_CODES } from '../../../src/errors.ts'
import { ref } from '../../../src/schemas.ts'
import { TokenPair } from '../../../src/sessions/schema.ts'
import { acceptInvitation } from '../../../src/sign-in/invitations.ts'
import { Acceptance } from '../../../src/sign-in/schema.ts'
import { answer, problems } from '../../contract.ts'
import { DeviceCookie, handDevice } from '../../device.ts'
import { originOf } from '../../origin.ts'

/** What somebody does who was invited. */
const invitations: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/auth/invitations/accept',
    config: { feature: 'invitations', limit: 'code' },
    schema: {
      operationId: 'acceptInvitation',
      summary: 'Make the account one was invited to, and sign in',
      description: 'It has the address that the invitation was sent to, proved. What is refused leaves the token good.',
      tags: ['invitations'],
      body: ref(Acceptance),
      response: {
        201: answer(TokenPair, 'The account is made; these are the tokens of its first session', DeviceCookie),
        ...problems('one_time_token_invalid', ...PASSWORD_CODES, 'username_taken', 'email_taken', 'overloaded'),
      },
    },
    handler: async (request, reply) => {
      const tokens = await acceptInvitation(app, request.body, originOf(request))
      handDevice(app, reply, tokens.device_token)
      return reply.code(201).send(tokens)
    },
  })
}

export default invitations
