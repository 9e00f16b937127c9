/** The Flask authentication system with register, login and protected: errors are `{message}`. */
import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { addressOf, findByIdentifier } from '../../src/accounts/account.ts'
import { Email, Username } from '../../src/accounts/schema.ts'
import { Failure, titleOf } from '../../src/errors.ts'
import { NewPassword, TypedPassword } from '../../src/passwords/schema.ts'
import { named, ref } from '../../src/schemas.ts'
import { registerOnly } from '../../src/sign-in/register.ts'
import { Identifier } from '../../src/sign-in/schema.ts'
import { signInForToken } from '../../src/sign-in/single-token.ts'
import { answer } from '../contract.ts'
import { handDevice } from '../device.ts'
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
  wordBy,
} from './dialect.ts'

const Registration = named(
  'FlaskAuthRegistration',
  Type.Object({ username: ref(Username), email: ref(Email), password: ref(NewPassword) }),
)
const Registered = named(
  'FlaskAuthRegistered',
  Type.Object({
    message: Type.String({ example: 'User registered successfully' }),
    user_id: Type.Integer({ example: 1 }),
  }),
)
const Credentials = named('FlaskAuthCredentials', Type.Object({ identifier: Identifier, password: ref(TypedPassword) }))
const Token = named('FlaskAuthToken', Type.Object({ access_token: Type.String({ example: 'eyJhbGciOi…' }) }))
const Greeting = named(
  'FlaskAuthGreeting',
  Type.Object({
    message: Type.String({ example: 'Hello, ada.lovelace!' }),
    user: Type.Object({
      id: Type.Integer({ example: 1 }),
      username: Type.Optional(Type.String({ example: 'ada.lovelace' })),
      email: Type.Optional(Type.String({ example: 'ada@example.org' })),
    }),
  }),
)
const Message = named('FlaskAuthMessage', Type.Object({ message: Type.String({ example: 'Invalid credentials' }) }))

const NO_INPUT = 'No input data provided'
const INCOMPLETE = { register: 'Missing username, email, or password', login: 'Missing identifier or password' }

const SENTENCES = {
  token_missing: [401, 'Missing Authorization Header'],
  token_invalid: [401, 'Signature verification failed'],
  token_expired: [401, 'Token has expired'],
  session_revoked: [401, 'Token has been revoked'],
  invalid_credentials: [401, 'Invalid credentials'],
  username_taken: [409, 'Username already exists'],
  email_taken: [409, 'Email already exists'],
} as const satisfies Sentences

const wrap = (message: string) => ({ message })

export const dialect: Dialect = { tag: 'flask-auth', shape: Message, wrap, word: wordBy(wrap, sentenceFor) }

function sentenceFor(failure: Failure, request: FastifyRequest): readonly [status: number, sentence: string] {
  const isLogin = request.routeOptions.url === '/auth/login'
  if (isAboutBody(failure)) {
    const missing = whatIsMissing(request.body, isLogin)
    if (missing) return [400, missing]
    // what is no identifier or no password is nobody's
    if (isLogin) return SENTENCES.invalid_credentials
  }
  if (failure.code === 'token_invalid' && !presentsToken(request)) return SENTENCES.token_missing
  return (SENTENCES as Sentences)[failure.code] ?? [failure.statusCode, ownWords(failure)]
}

function whatIsMissing(body: unknown, isLogin: boolean): string | undefined {
  if (Object.keys(membersOf(body)).length === 0) return NO_INPUT
  if (isLogin) return hasText(body, 'identifier', 'password') ? undefined : INCOMPLETE.login
  return hasText(body, 'username', 'email', 'password') ? undefined : INCOMPLETE.register
}

const refuse = (...sentences: string[]) =>
  refusal(Message, ...sentences.map((sentence) => [sentence, wrap(sentence)] as const))

/** The login of this dialect. */
export const login: Login = {
  credentials: Credentials,
  token: Token,
  refusals: {
    400: [NO_INPUT, INCOMPLETE.login],
    401: [SENTENCES.invalid_credentials[1]],
    403: [titleOf('challenge_required'), titleOf('account_disabled'), titleOf('email_unverified')],
  },
  async logIn(app, request, reply) {
    const signedIn = await signInForToken(app, request.body as Static<typeof Credentials>, originOf(request))
    handDevice(app, reply, signedIn.device_token)
    return { access_token: signedIn.token }
  },
}

const flaskAuth: FastifyPluginAsyncTypebox = async (app) => {
  speak(app, dialect)

  app.route({
    method: 'POST',
    url: '/auth/register',
    config: { limit: 'register' },
    schema: {
      operationId: 'flaskAuthRegister',
      summary: 'Make an account',
      description: 'Of user name, e-mail address and password. The rules are those of `/api/v1`. No session begins.',
      body: ref(Registration),
      response: {
        201: answer(Registered, 'The account is made'),
        400: refuse(NO_INPUT, INCOMPLETE.register, 'email must be an e-mail address'),
        403: refuse(titleOf('registration_closed'), titleOf('challenge_required')),
        409: refuse(SENTENCES.username_taken[1], SENTENCES.email_taken[1]),
      },
    },
    handler: async (request, reply) => {
      // one by one: the body is open, and may hold a `roles` of its own
      const { username, email, password } = request.body
      const { id } = await registerOnly(app, { username, email, password }, originOf(request)).catch((cause) =>
        refuseNameFirst(app, cause, username),
      )
      return reply.code(201).send({ message: 'User registered successfully', user_id: id })
    },
  })

  await app.register(signedIn)
}

/** They look at the user name before the e-mail address; the database says of two taken ones whichever it looks at first. */
async function refuseNameFirst({ db }: FastifyInstance, cause: unknown, username: string): Promise<never> {
  const isMail = cause instanceof Failure && cause.code === 'email_taken'
  throw isMail && (await findByIdentifier(db, username)) ? new Failure('username_taken', { cause }) : cause
}

const signedIn: FastifyPluginAsyncTypebox = async (app) => {
  requireSession(app)

  app.route({
    method: 'GET',
    url: '/auth/protected',
    config: { limit: 'read' },
    schema: {
      operationId: 'flaskAuthProtected',
      summary: 'A greeting for who is signed in',
      description: 'Takes any access token of the service.',
      security: [{ bearer: [] }],
      response: {
        200: answer(Greeting, 'The greeting, and who is greeted'),
        401: refuse(
          SENTENCES.token_missing[1],
          SENTENCES.token_invalid[1],
          SENTENCES.token_expired[1],
          SENTENCES.session_revoked[1],
        ),
      },
    },
    handler: async ({ session: { account } }) => {
      const { id, username, name } = account
      const email = addressOf(account)
      return {
        message: `Hello, ${name ?? username ?? email}!`,
        user: { id, ...(username !== null && { username }), ...(email !== null && { email }) },
      }
    },
  })
}

export default flaskAuth
