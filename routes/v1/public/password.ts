import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { resetPassword } from '../../../src/by-mail/reset-password.ts'
import { EmailBody, Noted, PasswordReset } from '../../../src/by-mail/schema.ts'
import { PASSWORD_CODES } from '../../../src/errors.ts'
import { ref } from '../../../src/schemas.ts'
import { answer, nothing, problems } from '../../contract.ts'
import { ChallengeHeaders } from '../../device.ts'
import { originOf } from '../../origin.ts'
import { NOTED } from './email.ts'

/** A forgotten password. */
const password: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/auth/password/forgot',
    config: { feature: 'mail', limit: 'mail' },
    schema: {
      operationId: 'requestPasswordReset',
      summary: 'Have a link sent by which to set a new password',
      description: 'The answer is the same for every address, known or not, and so is the time that it takes.',
      tags: ['passwords'],
      headers: ChallengeHeaders,
      body: ref(EmailBody),
      response: {
        202: answer(Noted, 'Noted; a message follows if the address has an account'),
        ...problems('challenge_required'),
      },
    },
    handler: async (request, reply) => {
      const request_token = await app.mailRequests.note({ kind: 'password-reset', ...request.body }, originOf(request))
      return reply.code(202).send({ ...NOTED, request_token })
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/password/reset',
    config: { feature: 'mail', limit: 'code' },
    schema: {
      operationId: 'resetPassword',
      summary: 'Set a new password by the link that was sent',
      description:
        'Every session of the account ends, and a message tells its owner. Its other links are void; where its address had ' +
        'been proved before, those that take a change of address back stay good. A password that is refused leaves the ' +
        'token good.',
      tags: ['passwords'],
      body: ref(PasswordReset),
      response: {
        204: nothing('The password is set'),
        ...problems('one_time_token_invalid', ...PASSWORD_CODES, 'overloaded'),
      },
    },
    handler: async (request, reply) => {
      await resetPassword(app, request.body, originOf(request))
      return reply.code(204).send(null)
    },
  })
}

export default password
