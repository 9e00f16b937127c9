/** What the Python Authentication System (python-jwt-template) says: its shapes and its sentences. */
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { DisplayName, Email } from '../../src/accounts/schema.ts'
import { type Failure, titleOf } from '../../src/errors.ts'
import { NewPassword, TypedPassword } from '../../src/passwords/schema.ts'
import { enumOf, named, ref } from '../../src/schemas.ts'
import { Identifier } from '../../src/sign-in/schema.ts'
import {
  type Dialect,
  hasText,
  isAboutBody,
  membersOf,
  ownWords,
  presentsToken,
  refusal,
  type Sentences,
  wordBy,
} from './dialect.ts'

const Status = enumOf(['success', 'failed'], { example: 'success' })

const said = (example: string) => ({ status: Status, message: Type.String({ example }) })

export const Message = named('PythonJwtTemplateMessage', Type.Object(said('APIs are up and running')))
export const Registration = named(
  'PythonJwtTemplateRegistration',
  Type.Object({ email: ref(Email), password: ref(NewPassword), name: ref(DisplayName) }),
)
export const Credentials = named(
  'PythonJwtTemplateCredentials',
  Type.Object({
    email: Type.String({ ...Identifier, description: 'the e-mail address', example: 'ada@example.org' }),
    password: ref(TypedPassword),
  }),
)
export const Token = named(
  'PythonJwtTemplateToken',
  Type.Object({ ...said('User login successful.'), jwt_token: Type.String({ example: 'eyJhbGciOi…' }) }),
)
export const Details = named(
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
  session_revoked: [401, 'JWT token is blocked. Please login again'],
  invalid_credentials: [401, 'Incorrect Password'],
  user_not_found: [404, 'User not found'],
  email_taken: [202, 'User already exists.'],
} as const satisfies Sentences

const SIGNATURE_MISMATCH = [401, "Token Signature doesn't match"] as const

const wrap = (message: string) => ({ status: 'failed', message })

export const dialect: Dialect = { tag: 'python-jwt-template', shape: Message, wrap, word: wordBy(wrap, sentenceFor) }

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

/** What is refused, in the contract. */
export const REFUSED = {
  ofSignUp: {
    202: refuse(SENTENCES.email_taken[1]),
    400: refuse(MISSING[1], NULL[1], 'email must be an e-mail address'),
    403: refuse(titleOf('registration_closed'), titleOf('challenge_required'), titleOf('email_unverified')),
  },
  ofToken: {
    401: refuse(
      SENTENCES.token_missing[1],
      SIGNATURE_MISMATCH[1],
      SENTENCES.token_expired[1],
      SENTENCES.token_invalid[1],
      SENTENCES.session_revoked[1],
    ),
  },
  ofUser: { 404: refuse(SENTENCES.user_not_found[1]) },
}

/** The sentences of the login, which the contract joins with those of another dialect. */
export const LOGIN_REFUSALS = {
  401: [NO_CREDENTIALS[1], SENTENCES.invalid_credentials[1]],
  403: [titleOf('challenge_required'), titleOf('account_disabled'), titleOf('email_unverified')],
  404: [SENTENCES.user_not_found[1]],
}
