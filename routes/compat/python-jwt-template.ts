/** The Python Authentication System (python-jwt-template): every answer has `status` and `message`. */
import type { FastifyPluginAsyncTypebox, Static } from '@fastify/type-provider-typebox'
import { type Account, addressOf } from '../../src/accounts/account.ts'
import { Failure } from '../../src/errors.ts'
import { ref } from '../../src/schemas.ts'
import { endSession } from '../../src/sessions/end.ts'
import { registerForToken, requireAccountOf, signInForToken } from '../../src/sign-in/single-token.ts'
import { answer } from '../contract.ts'
import { DeviceCookie, handDevice } from '../device.ts'
import { requireSession } from '../guard.ts'
import { actorOf, originOf } from '../origin.ts'
import { hasText, type Login, speak } from './dialect.ts'
import * as words from './python-jwt-template-words.ts'

const { REFUSED } = words

export const { dialect } = words

/** The login of this dialect. */
export const login: Login = {
  credentials: words.Credentials,
  token: words.Token,
  refusals: words.LOGIN_REFUSALS,
  async logIn(app, request, reply) {
    // where the login is shared, a body may have passed as the other dialect's
    if (!hasText(request.body, 'email', 'password')) throw new Failure('validation_failed')
    const { email: identifier, password } = request.body as Static<typeof words.Credentials>
    const tellUnknown = app.config.compat_hide_unknown === 'off'
    const signedIn = await signInForToken(app, { identifier, password }, originOf(request), { tellUnknown })
    handDevice(app, reply, signedIn.device_token)
    return { status: 'success', message: 'User login successful.', jwt_token: signedIn.token }
  },
}

const pythonJwtTemplate: FastifyPluginAsyncTypebox = async (app) => {
  speak(app, words.dialect)

  app.route({
    method: 'GET',
    url: '/auth/ping',
    schema: {
      operationId: 'pythonJwtTemplatePing',
      summary: 'Whether the service answers',
      description: 'Asks for no token and looks at nothing.',
      response: { 200: answer(words.Message, 'It does') },
    },
    handler: async () => ({ status: 'success' as const, message: 'APIs are up and running' }),
  })

  app.route({
    method: 'POST',
    url: '/auth/signup',
    config: { limit: 'register' },
    schema: {
      operationId: 'pythonJwtTemplateSignUp',
      summary: 'Make an account and sign in',
      description: 'Of e-mail address, password and name. The rules are those of `/api/v1`.',
      body: ref(words.Registration),
      response: {
        201: answer(words.Token, 'The account is made; this is the token of its first session', DeviceCookie),
        ...REFUSED.ofSignUp,
      },
    },
    handler: async (request, reply) => {
      // one by one: the body is open, and may hold a user name of its own
      const { email, password, name } = request.body
      const signedIn = await registerForToken(app, { email, password, name }, originOf(request))
      handDevice(app, reply, signedIn.device_token)
      return reply
        .code(201)
        .send({ status: 'success', message: 'User signed up successful.', jwt_token: signedIn.token })
    },
  })

  await app.register(signedIn)
  await app.register(user)
}

const signedIn: FastifyPluginAsyncTypebox = async (app) => {
  requireSession(app)

  app.route({
    method: 'POST',
    url: '/auth/logout',
    config: { limit: 'write' },
    schema: {
      operationId: 'pythonJwtTemplateLogout',
      summary: 'End the session of the token',
      description: 'The token stops at once. Takes any access token of the service.',
      security: [{ bearer: [] }],
      response: { 200: answer(words.Message, 'The session is over'), ...REFUSED.ofToken },
    },
    handler: async (request) => {
      await endSession(app, request.session.session_id, 'logout', actorOf(request))
      return { status: 'success' as const, message: 'Logout Successful' }
    },
  })
}

/** Like the guard, but a token whose account is gone is told so. */
const user: FastifyPluginAsyncTypebox = async (app) => {
  app.addHook('onRequest', (request, reply, done) =>
    app.authenticate(request, reply, (failure) => {
      if ((failure as Failure | undefined)?.code !== 'session_revoked') done(failure)
      else
        requireAccountOf(app, request.headers.authorization?.slice('Bearer '.length).trim() ?? '').then(
          () => done(failure),
          done,
        )
    }),
  )

  app.route({
    method: 'GET',
    url: '/auth/user',
    config: { limit: 'read' },
    schema: {
      operationId: 'pythonJwtTemplateGetUser',
      summary: 'Who is signed in',
      description: 'Takes any access token of the service. That of a deleted account is answered 404.',
      security: [{ bearer: [] }],
      response: {
        200: answer(words.Details, 'The account'),
        ...REFUSED.ofToken,
        ...REFUSED.ofUser,
      },
    },
    handler: async ({ session }) => ({
      status: 'success' as const,
      message: 'Successfully fetched user details',
      details: detailsOf(session.account),
    }),
  })
}

function detailsOf({ name, username, roles, created_at, ...account }: Account) {
  return {
    email: addressOf(account) ?? '',
    name: name ?? username ?? '',
    admin: roles.includes('admin'),
    registered_on: new Date(created_at).toUTCString(),
  }
}

export default pythonJwtTemplate
