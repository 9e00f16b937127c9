/** What the Flask JWT Authentication API Demo says: its shapes and its sentences. */
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { Username } from '../../src/accounts/schema.ts'
import { type Failure, titleOf } from '../../src/errors.ts'
import { NewPassword, TypedPassword } from '../../src/passwords/schema.ts'
import { named, ref } from '../../src/schemas.ts'
import { Identifier } from '../../src/sign-in/schema.ts'
import { type Dialect, hasText, isAboutBody, membersOf, ownWords, refusal, type Sentences } from './dialect.ts'

/** The shortest user name here; elsewhere the service allows three characters. */
const SHORTEST_NAME = 4

const Name = named('FlaskJwtDemoUsername', { ...Username, minLength: SHORTEST_NAME })
export const Account = named('FlaskJwtDemoAccount', Type.Object({ username: ref(Name), password: ref(NewPassword) }))
export const Update = named(
  'FlaskJwtDemoUpdate',
  Type.Object(
    { username: Type.Optional(ref(Name)), password: Type.Optional(ref(NewPassword)) },
    { minProperties: 1, example: { password: 'a quite different phrase' } },
  ),
)
export const Credentials = named(
  'FlaskJwtDemoCredentials',
  Type.Object({ username: Identifier, password: ref(TypedPassword) }),
)
const TokenString = Type.String({ description: 'good for one call', example: 'eyJhbGciOi…' })
export const Presented = named('FlaskJwtDemoToken', Type.Object({ token: Type.Optional(TokenString) }))
export const Tokens = named('FlaskJwtDemoTokens', Type.Object({ token: TokenString, access_token: TokenString }))
export const User = named(
  'FlaskJwtDemoUser',
  Type.Object({
    user: Type.Object({ id: Type.Integer({ example: 1 }), username: Type.String({ example: 'ada.lovelace' }) }),
    token: TokenString,
  }),
)
export const Renewed = named(
  'FlaskJwtDemoRenewed',
  Type.Object({ message: Type.String({ example: 'Token is valid' }), token: TokenString }),
)
export const LoggedOut = named(
  'FlaskJwtDemoLoggedOut',
  Type.Object({
    message: Type.String({ example: 'Logged out successfully' }),
    detail: Type.String({ example: 'User has been logout. Token has been revoked' }),
  }),
)
export const Message = named(
  'FlaskJwtDemoMessage',
  Type.Object({ message: Type.String({ example: 'User created successfully' }) }),
)
const Refusal = named('FlaskJwtDemoError', Type.Object({ error: Type.String({ example: 'Invalid credentials' }) }))

const MISSING = 'Missing username or password'
const SHORT_NAME = `Username must be at least ${SHORTEST_NAME} characters long`
const shortPassword = (minimum: number) => `Password must be at least ${minimum} characters long`

const SENTENCES = {
  invalid_credentials: [401, 'Invalid credentials'],
  username_taken: [400, 'Username already exists'],
} as const satisfies Sentences

/** What is wrong with a token, said of `/user`; the members are named otherwise than in all other refusals. */
const OF_USER = {
  token_missing: [401, 'Token is missing'],
  token_invalid: [401, 'Invalid or expired token'],
  token_expired: [401, 'Invalid or expired token'],
  session_revoked: [401, 'Invalid or expired token'],
  user_not_found: [404, 'User not found'],
} as const satisfies Sentences

/** The same, said of the calls that take a token in the body too. */
const OF_TOKEN = {
  token_missing: [401, 'Authorization header missing or invalid'],
  token_invalid: [401, 'Token is invalid or has expired'],
  token_expired: [401, 'Token is invalid or has expired'],
  session_revoked: [401, 'Token is invalid or has expired'],
  user_not_found: [401, 'Token is invalid or has expired'],
} as const satisfies Sentences

const wrap = (error: string) => ({ error })
const tell = (message: string) => ({ message })

function word(failure: Failure, request: FastifyRequest) {
  const aboutUser = (OF_USER as Sentences)[failure.code]
  const { url } = request.routeOptions
  if (url === '/user' && aboutUser) return { status: aboutUser[0], body: tell(aboutUser[1]) }
  const [status, sentence] = sentenceFor(failure, request)
  return { status, body: wrap(sentence) }
}

function sentenceFor(failure: Failure, request: FastifyRequest): readonly [status: number, sentence: string] {
  const { method, routeOptions, body, server } = request
  const { url } = routeOptions
  if (isTokenCall(url)) {
    if (isAboutBody(failure)) return presentsNothing(request) ? OF_TOKEN.token_missing : OF_TOKEN.token_invalid
    return (OF_TOKEN as Sentences)[failure.code] ?? [failure.statusCode, ownWords(failure)]
  }
  if (isAboutBody(failure)) {
    if (!isComplete(method, body)) return [400, MISSING]
    // what is no name or no password is nobody's
    return url === '/user' ? [400, isShortName(body) ? SHORT_NAME : ownWords(failure)] : SENTENCES.invalid_credentials
  }
  if (failure.code === 'password_too_short') return [400, shortPassword(server.config.password_min_length)]
  return (SENTENCES as Sentences)[failure.code] ?? [failure.statusCode, ownWords(failure)]
}

const isTokenCall = (url: string | undefined) => url === '/validate_token' || url === '/logout'

/** Both members, or for a change one of them, and no other thing in their place. */
export function isComplete(method: string, body: unknown): boolean {
  if (method !== 'PUT') return hasText(body, 'username', 'password')
  const given = Object.keys(membersOf(body)).filter((name) => name === 'username' || name === 'password')
  return given.length > 0 && hasText(body, ...given)
}

function isShortName(body: unknown): boolean {
  const { username } = membersOf(body)
  return typeof username === 'string' && [...username].length < SHORTEST_NAME
}

/** The token of the header, of whatever form; empty without one. */
export function headerToken({ headers }: FastifyRequest): string {
  return /^Bearer +(.*)$/i.exec(headers.authorization ?? '')?.[1]?.trim() ?? ''
}

/** Their README puts the token into the body, their program reads it from the header; empty without either. */
export function presentedToken(request: FastifyRequest): string {
  const { token } = membersOf(request.body)
  return headerToken(request) || (typeof token === 'string' ? token : '')
}

function presentsNothing(request: FastifyRequest): boolean {
  const { token } = membersOf(request.body)
  return headerToken(request) === '' && (token === null || token === '')
}

const refuse = (...sentences: string[]) =>
  refusal(Refusal, ...sentences.map((sentence) => [sentence, wrap(sentence)] as const))
const refuseToken = (...sentences: string[]) =>
  refusal(Message, ...sentences.map((sentence) => [sentence, tell(sentence)] as const))

/** What is refused, in the contract. */
export const REFUSED = {
  ofAccount: { 400: refuse(MISSING, shortPassword(8), SHORT_NAME, SENTENCES.username_taken[1]) },
  ofRegistration: { 403: refuse(titleOf('registration_closed')) },
  ofUser: {
    401: refuseToken(OF_USER.token_missing[1], OF_USER.token_invalid[1]),
    404: refuseToken(OF_USER.user_not_found[1]),
  },
  ofToken: { 401: refuse(OF_TOKEN.token_missing[1], OF_TOKEN.token_invalid[1]) },
  ofLogin: {
    400: refuse(MISSING),
    401: refuse(SENTENCES.invalid_credentials[1]),
    403: refuse(titleOf('challenge_required'), titleOf('account_disabled'), titleOf('email_unverified')),
  },
  ofDeletion: { 409: refuse(titleOf('last_admin')) },
}

export const dialect: Dialect = { tag: 'flask-jwt-demo', shape: Refusal, wrap, word }
