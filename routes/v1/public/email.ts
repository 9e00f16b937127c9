import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { confirmAddress, undoChange } from '../../../src/by-mail/change-address.ts'
import {
  EmailBody,
  EmailConfirmation,
  EmailVerification,
  Noted,
  OneTimeTokenBody,
} from '../../../src/by-mail/schema.ts'
import { PASSWORD_CODES } from '../../../src/errors.ts'
import { ref } from '../../../src/schemas.ts'
import { verifyEmail } from '../../../src/sign-in/verify-email.ts'
import { shownBeside } from '../../asker.ts'
import { answer, nothing, problems } from '../../contract.ts'
import { ChallengeHeaders } from '../../device.ts'
import { knowWhoAsks, OPEN_OR_SIGNED_IN } from '../../guard.ts'
import { originOf } from '../../origin.ts'

/** What may be said of who shows a link beside it. */
const ABOUT_REQUESTER = [
  'requester_unproved',
  'current_password_wrong',
  'token_invalid',
  'token_expired',
  'session_revoked',
  'overloaded',
] as const

/** Proving an address: the link may be opened anywhere, by whoever can tell that they asked for it. */
const email: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/auth/email/verify',
    config: { feature: 'mail', limit: 'code' },
    onRequest: knowWhoAsks(app),
    schema: {
      operationId: 'verifyEmail',
      security: OPEN_OR_SIGNED_IN,
      summary: 'Prove an e-mail address by the link that was sent to it',
      description:
        'The token alone proves the mailbox, and not who chose the password. Beside it goes one of: an access token of the ' +
        'account, the `request_token` of the registration or of who had the link sent again while signed in, the `password`. ' +
        'Then nothing ends. Who chose no password sends a ' +
        '`new_password`: it is the account’s from then on, and everything older ends, sessions and other links too. Without ' +
        'any of these the answer is `requester_unproved`, and the token stays good. The token of a registration with ' +
        '`REGISTRATION=verify-first` makes the account; if its name was taken meanwhile, the token stays good and can be ' +
        'sent again with another `username`.',
      tags: ['email'],
      body: ref(EmailVerification),
      response: {
        204: nothing('The address is proved'),
        ...problems('one_time_token_invalid', ...PASSWORD_CODES, ...ABOUT_REQUESTER, 'username_taken', 'email_taken'),
      },
    },
    handler: async (request, reply) => {
      await verifyEmail(app, request.body, shownBeside(request, request.body), originOf(request))
      return reply.code(204).send(null)
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/email/verification/request',
    config: { feature: 'mail', limit: 'mail' },
    schema: {
      operationId: 'requestEmailVerification',
      summary: 'Have the link that proves an address sent again, without being signed in',
      description:
        'For who cannot log in before. The answer is the same for every address, known or not. Links that were sent before ' +
        'stay good; the `request_token` of the answer does not tell who registered.',
      tags: ['email'],
      headers: ChallengeHeaders,
      body: ref(EmailBody),
      response: {
        202: answer(Noted, 'Noted; a message follows if there is anything to prove'),
        ...problems('challenge_required'),
      },
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
    onRequest: knowWhoAsks(app),
    schema: {
      operationId: 'confirmEmailChange',
      security: OPEN_OR_SIGNED_IN,
      summary: 'Confirm a new address by the link that was sent to it',
      description:
        'From here on the account has that address. The old one, if it was proved, is sent a link that takes the change ' +
        'back. Beside the token goes an access token of the account, its `password`, or the `request_token` of who had the ' +
        'link sent again; otherwise the answer is `requester_unproved`, since a stranger may have asked for it.',
      tags: ['email'],
      body: ref(EmailConfirmation),
      response: {
        204: nothing('The address is changed'),
        ...problems('one_time_token_invalid', ...ABOUT_REQUESTER, 'email_taken'),
      },
    },
    handler: async (request, reply) => {
      const { token } = request.body
      await confirmAddress(app, token, shownBeside(request, request.body), originOf(request))
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
        'The account has its old address again. Its password is void, its sessions end, its other links are void but those ' +
        'that take an earlier change back, and a link to set a new password is sent to that address: whoever changed the ' +
        'address may know the password.',
      tags: ['email'],
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
