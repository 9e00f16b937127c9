import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RequestToken } from '../../../src/by-mail/schema.ts'
import { PASSWORD_CODES } from '../../../src/errors.ts'
import { Message, ref } from '../../../src/schemas.ts'
import { endSessionOfToken } from '../../../src/sessions/end.ts'
import { refreshSession } from '../../../src/sessions/refresh.ts'
import { RefreshTokenBody, TokenPair } from '../../../src/sessions/schema.ts'
import { register } from '../../../src/sign-in/register.ts'
import { Credentials, Registration, RegistrationResult } from '../../../src/sign-in/schema.ts'
import { signIn } from '../../../src/sign-in/sign-in.ts'
import { AskerCookie, handRequestToken } from '../../asker.ts'
import { answer, answerLike, problems } from '../../contract.ts'
import { ChallengeHeaders, DeviceCookie, handDevice, LoginHeaders } from '../../device.ts'
import { originOf } from '../../origin.ts'

const READ_YOUR_MAIL = { message: 'Open the link in the message that was sent to this address.' }

const BOTH_COOKIES = {
  'Set-Cookie': {
    type: 'string',
    optional: true,
    description: 'for browsers to keep: the `request_token`, and what the device is known by from now on',
  },
} as const

/** What the contract shows. */
const SIGNED_IN: TokenPair = {
  access_token: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln',
  token_type: 'Bearer',
  expires_in: 900,
  refresh_token: 'lkr_AZjBon0-e0qcVQ8vbB2eIQAAAAEr1g7p0cQe3t0eKfQ2mXc8yC8n0tq1WmVvI3oXbq0mFQ',
  refresh_token_expires_in: 1_209_600,
}

/** Getting tokens, renewing them, giving them up: what anyone may ask. */
const auth: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'POST',
    url: '/auth/register',
    config: { limit: 'register' },
    schema: {
      operationId: 'register',
      summary: 'Make an account and sign in',
      description:
        'The account has the role `user`. Nothing is made if anything is refused. The answer has tokens if a session has begun, ' +
        'and otherwise a `message`: look whether there is an `access_token`. With `REGISTRATION=verify-first` the ' +
        'answer is 202 whether or not name and address are known, and the account is made by the link of the message, together ' +
        'with the `request_token` or the password: see `verifyEmail`. Browsers keep the former as a cookie.',
      tags: ['auth'],
      headers: ChallengeHeaders,
      body: ref(Registration),
      response: {
        201: answerLike(
          RegistrationResult,
          'The account is made; these are the tokens of its first session',
          {
            signed_in: { summary: 'Anyone may register', value: SIGNED_IN },
          },
          BOTH_COOKIES,
        ),
        202: answerLike(
          RegistrationResult,
          'A message is on its way; its link comes before the first login',
          {
            asked_by_mail: {
              summary: 'The address is proved first',
              value: { ...READ_YOUR_MAIL, request_token: RequestToken['example'] },
            },
          },
          AskerCookie,
        ),
        ...problems(
          ...PASSWORD_CODES,
          'registration_closed',
          'challenge_required',
          'username_taken',
          'email_taken',
          'overloaded',
        ),
      },
    },
    handler: async (request, reply) => {
      const { tokens, request_token } = await register(app, request.body, originOf(request))
      handRequestToken(app, reply, request_token)
      if (!tokens) return reply.code(202).send({ ...READ_YOUR_MAIL, request_token })
      handDevice(app, reply, tokens.device_token)
      return reply.code(201).send(tokens)
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/login',
    config: { limit: 'login' },
    schema: {
      operationId: 'login',
      summary: 'Sign in by user name or e-mail address',
      description: 'Begins a session. A wrong password and an unknown account get the same answer in the same time.',
      tags: ['auth'],
      headers: LoginHeaders,
      body: ref(Credentials),
      response: {
        200: answer(TokenPair, 'The tokens of the new session', DeviceCookie),
        ...problems('invalid_credentials', 'account_disabled', 'email_unverified', 'challenge_required', 'overloaded'),
      },
    },
    handler: async (request, reply) => {
      const tokens = await signIn(app, request.body, originOf(request))
      handDevice(app, reply, tokens.device_token)
      return tokens
    },
  })

  app.route({
    method: 'POST',
    url: '/auth/refresh',
    config: { limit: 'refresh' },
    schema: {
      operationId: 'refreshSession',
      summary: 'Exchange a refresh token for its successor',
      description:
        'Gives a new access token and a new refresh token; the old one is used up. Sent again within a few seconds ' +
        '(a lost answer, two tabs) it yields the same successor; sent later it ends the session.',
      tags: ['auth'],
      body: ref(RefreshTokenBody),
      response: {
        200: answer(TokenPair, 'The next tokens of the session'),
        ...problems('refresh_token_invalid', 'refresh_token_expired', 'refresh_token_reused'),
      },
    },
    handler: (request) => refreshSession(app, request.body.refresh_token, originOf(request)),
  })

  app.route({
    method: 'POST',
    url: '/auth/logout',
    config: { limit: 'refresh' },
    schema: {
      operationId: 'logout',
      summary: 'End the session of a refresh token',
      description: 'Its access tokens stop too, at once. Idempotent: an unknown or used token gets the same answer.',
      tags: ['auth'],
      body: ref(RefreshTokenBody),
      response: { 200: answer(Message, 'The session is over') },
    },
    handler: async (request) => {
      await endSessionOfToken(app, request.body.refresh_token, originOf(request))
      return { message: 'Signed out.' }
    },
  })
}

export default auth
