/** The Python Authentication System (python-jwt-template): every answer has `status` and `message`. */
import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../src/accounts/account.ts'
import { DisplayName, Email } from '../../src/accounts/schema.ts'
import { Failure, titleOf } from '../../src/errors.ts'
import { NewPassword, TypedPassword } from '../../src/passwords/schema.ts'
import { enumOf, named, ref } from '../../src/schemas.ts'
import { endSession } from '../../src/sessions/end.ts'
import { Identifier } from '../../src/sign-in/schema.ts'
import { registerForToken, requireAccountOf, signInForToken } from '../../src/sign-in/single-token.ts'
import { answer } from '../contract.ts'
import { requireSession } from '../guard.ts'
import { originOf } from '../origin.ts'
import {
  type Dialect,
  hasText,
  isAboutBody,
  type Login,
  membersOf,
  ownWords,
  presentsToken,
  refusal,
  type Sentences,
  speak,
} from './dialect.ts'

const Status = enumOf(['success', 'failed'], { example: 'success' })

const said = (example: string) => ({ status: Status, message: Type.String({ example }) })

const Message = named('PythonJwtTemplateMessage', Type.Object(said('APIs are up and running')))
const Registration = named(
  'PythonJwtTemplateRegistration',
  Type.Object({ email: ref(Email), password: ref(NewPassword), name: ref(DisplayName) }),
)
const Credentials = named(
  'PythonJwtTemplateCredentials',
  Type.Object({
    email: Type.String({ ...Identifier, description: 'the e-mail address', example: 'ada@example.org' }),
    password: ref(TypedPassword),
  }),
)
const Token = named(
  'PythonJwtTemplateToken',
  Type.Object({ ...said('User login successful.'), jwt_token: Type.String({ example: 'eyJhbGciOi…' }) }),
)
const Details = named(
  'PythonJwtTemplateDetails',
  Type.Object({
    ...said('Successfully fetched user details'),
    details: Type.Object({
      email: Type.String({ description: 'empty where the account has none', example: 'ada@example.org' }),
      name: Type.String({ description: 'or the user name, where the account has no name', example: 'Ada Lovelace' }),
      admin: Type.Boolean({ example: false }),
      registered_on: Type.String({ description: 'RFC 1123, in GMT', example: 'Sat, 31 Jan 2026 08:15:30 GMT' }),
    }),
  }),
)

const MISSING = [400, 'Required fields are missing.'] as const
const NULL = [400, 'One or more required fields are null'] as const
const NO_CREDENTIALS = [401, 'Email / Password missing'] as const

const SENTENCES = {
  token_missing: [401, 'Auth token missing'],
  token_invalid: [401, 'Invalid token signature'],
  token_expired: [401, 'Signature is expired. Please log in again to refresh'],
  session_ended: [401, 'JWT token is blocked. Please login again'],
  invalid_credentials: [401, 'Incorrect Password'],
  user_not_found: [404, 'User not found'],
  email_taken: [202, 'User already exists.'],
} as const satisfies Sentences

const SIGNATURE_MISMATCH = [401, "Token Signature doesn't match"] as const

const wrap = (message: string) => ({ status: 'failed', message })

export const dialect: Dialect = {
  tags: ['python-jwt-template'],
  shape: Message,
  wrap,
  word(failure, request) {
    const [status, sentence] = sentenceFor(failure, request)
    return { status, body: wrap(sentence) }
  },
}

function sentenceFor(failure: Failure, request: FastifyRequest): readonly [status: number, sentence: string] {
  if (isAboutBody(failure)) {
    const { url } = request.routeOptions
    if (url === '/auth/signup') return whatIsMissing(request.body) ?? [400, ownWords(failure)]
    // what is no address or no password is nobody's
    if (url === '/auth/login')
      return hasText(request.body, 'email', 'password') ? SENTENCES.invalid_credentials : NO_CREDENTIALS
  }
  if (failure.code === 'token_invalid' && !presentsToken(request)) return SENTENCES.token_missing
  if (failure.reason === 'signature') return SIGNATURE_MISMATCH
  return (SENTENCES as Sentences)[failure.code] ?? [failure.statusCode, ownWords(failure)]
}

function whatIsMissing(body: unknown) {
  const { email, password, name } = membersOf(body)
  const values = [email, password, name]
  if (values.includes(undefined)) return MISSING
  // an empty name is none, and that an account may have
  return values.includes(null) || email === '' || password === '' ? NULL : undefined
}

const refuse = (...sentences: string[]) =>
  refusal(Message, ...sentences.map((sentence) => [sentence, wrap(sentence)] as const))

/** The login of this dialect. */
export const login: Login = {
  credentials: Credentials,
  token: Token,
  refusals: {
    401: [NO_CREDENTIALS[1], SENTENCES.invalid_credentials[1]],
    403: [titleOf('account_disabled')],
    404: [SENTENCES.user_not_found[1]],
  },
  async logIn(app, request) {
    // where the login is shared, a body may have passed as the other dialect's
    if (!hasText(request.body, 'email', 'password')) throw new Failure('validation_failed')
    const { email: identifier, password } = request.body as Static<typeof Credentials>
    const tellUnknown = app.config.compat_hide_unknown === 'off'
    const jwt_token = await signInForToken(app, { identifier, password }, originOf(request), { tellUnknown })
    return { status: 'success', message: 'User login successful.', jwt_token }
  },
}

const pythonJwtTemplate: FastifyPluginAsyncTypebox = async (app) => {
  speak(app, dialect)

  app.route({
    method: 'GET',
    url: '/auth/ping',
    schema: {
      operationId: 'pythonJwtTemplatePing',
      summary: 'Whether the service answers',
      description: 'Asks for no token and looks at nothing.',
      response: { 200: answer(Message, 'It does') },
    },
    handler: async () => ({ status: 'success' as const, message: 'APIs are up and running' }),
  })

  app.route({
    method: 'POST',
    url: '/auth/signup',
    schema: {
      operationId: 'pythonJwtTemplateSignUp',
      summary: 'Make an account and sign in',
      description: 'Of e-mail address, password and name. The rules are those of `/api/v1`.',
      body: ref(Registration),
      response: {
        201: answer(Token, 'The account is made; this is the token of its first session'),
        202: refuse(SENTENCES.email_taken[1]),
        400: refuse(MISSING[1], NULL[1], 'email must be an e-mail address'),
      },
    },
    handler: async (request, reply) => {
      // one by one: the body is open, and may hold a user name of its own
      const { email, password, name } = request.body
      const jwt_token = await registerForToken(app, { email, password, name }, originOf(request))
      return reply.code(201).send({ status: 'success', message: 'User signed up successful.', jwt_token })
    },
  })

  await app.register(signedIn)
  await app.register(user)
}

const UNAUTHORIZED = refuse(
  SENTENCES.token_missing[1],
  SIGNATURE_MISMATCH[1],
  SENTENCES.token_expired[1],
  SENTENCES.token_invalid[1],
  SENTENCES.session_ended[1],
)

const signedIn: FastifyPluginAsyncTypebox = async (app) => {
  requireSession(app)

  app.route({
    method: 'POST',
    url: '/auth/logout',
    schema: {
      operationId: 'pythonJwtTemplateLogout',
      summary: 'End the session of the token',
      description: 'The token stops at once. Takes any access token of the service.',
      security: [{ bearer: [] }],
      response: { 200: answer(Message, 'The session is over'), 401: UNAUTHORIZED },
    },
    handler: async ({ session }) => {
      await endSession(app, session.session_id, 'logout')
      return { status: 'success' as const, message: 'Logout Successful' }
    },
  })
}

/** Like the guard, but a token whose account is gone is told so. */
const user: FastifyPluginAsyncTypebox = async (app) => {
  app.addHook('onRequest', (request, reply, done) =>
    app.authenticate(request, reply, (failure) => {
      if ((failure as Failure | undefined)?.code !== 'session_ended') done(failure)
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
    schema: {
      operationId: 'pythonJwtTemplateGetUser',
      summary: 'Who is signed in',
      description: 'Takes any access token of the service. That of a deleted account is answered 404.',
      security: [{ bearer: [] }],
      response: {
        200: answer(Details, 'The account'),
        401: UNAUTHORIZED,
        404: refuse(SENTENCES.user_not_found[1]),
      },
    },
    handler: async ({ session }) => ({
      status: 'success' as const,
      message: 'Successfully fetched user details',
      details: detailsOf(session.account),
    }),
  })
}

function detailsOf({ email, name, username, roles, created_at }: Account) {
  return {
    email: email ?? '',
    name: name ?? username ?? '',
    admin: roles.includes('admin'),
    registered_on: new Date(created_at).toUTCString(),
  }
}

export default pythonJwtTemplate
