import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { confirmAddress, undoChange } from '../../../src/by-mail/change-address.ts'
import { EmailBody, EmailVerification, Noted, OneTimeTokenBody } from '../../../src/by-mail/schema.ts'
import { ref } from '../../../src/schemas.ts'
import { verifyEmail } from '../../../src/sign-in/verify-email.ts'
import { answer, nothing, problems } from '../../contract.ts'
import { originOf } from '../../origin.ts'

/** Proving an address: the link may be opened anywhere, signed in or not. */
const email: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/auth/email/verify',
    config: { feature: 'mail', limit: 'code' },
    schema: {
      operationId: 'verifyEmail',
      summary: 'Prove an e-mail address by the link that was sent to it',
      description:
        'The token is used up. That of a registration with `REGISTRATION=verify-first` makes the account; if its name was ' +
        'taken meanwhile, the token stays good and can be sent again with another `username`.',
      tags: ['Mail'],
      body: ref(EmailVerification),
      response: {
        204: nothing('The address is proved'),
        ...problems('one_time_token_invalid', 'username_taken', 'email_taken'),
      },
    },
    handler: async (request, reply) => {
      await verifyEmail(app, request.body, originOf(request))
      return reply.code(204).send(null)
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/email/verification/request',
    config: { feature: 'mail', limit: 'mail' },
    schema: {
      operationId: 'requestVerification',
      summary: 'Have the link that proves an address sent again, without being signed in',
      description: 'For who cannot log in before. The answer is the same for every address, known or not.',
      tags: ['Mail'],
      body: ref(EmailBody),
      response: { 202: answer(Noted, 'Noted; a message follows if there is anything to prove') },
    },
    handler: async (request, reply) => {
      const request_token = await app.mailRequests.note({ kind: 'email-verify', ...request.body }, originOf(request))
      return reply.code(202).send({ ...NOTED, request_token })
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/email/change/confirm',
    config: { feature: 'mail', limit: 'code' },
    schema: {
      operationId: 'confirmEmailChange',
      summary: 'Confirm a new address by the link that was sent to it',
      description:
        'From here on the account has that address. The old one, if it was proved, is sent a link that takes the change back.',
      tags: ['Mail'],
      body: ref(OneTimeTokenBody),
      response: { 204: nothing('The address is changed'), ...problems('one_time_token_invalid', 'email_taken') },
    },
    handler: async (request, reply) => {
      await confirmAddress(app, request.body.token, originOf(request))
      return reply.code(204).send(null)
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/email/change/undo',
    config: { feature: 'mail', limit: 'code' },
    schema: {
      operationId: 'undoEmailChange',
      summary: 'Take a change of address back by the link that was sent to the old one',
      description:
        'The account has its old address again. Its password is void, its sessions end, and a link to set a new password ' +
        'is sent to that address: whoever changed the address may know the password.',
      tags: ['Mail'],
      body: ref(OneTimeTokenBody),
      response: { 204: nothing('The old address is back'), ...problems('one_time_token_invalid', 'email_taken') },
    },
    handler: async (request, reply) => {
      await undoChange(app, request.body.token, originOf(request))
      return reply.code(204).send(null)
    },
  })
}

/** Says nothing of whether there is such an account. */
export const NOTED = { message: 'If that address has an account, a message is on its way.' }

export default email
