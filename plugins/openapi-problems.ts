/** What can go wrong, in the contract: each answer is one component that operations mention by name. */
import { ERROR_CODES, type ErrorCode, PASSWORD_CODES, statusOf, titleOf } from '../src/errors.ts'
import {
  type Answer,
  at,
  type Components,
  type Document,
  type Header,
  type Operation,
  operationsOf,
} from './openapi-document.ts'
import { exampleOf } from './openapi-examples.ts'
import { headersOf } from './openapi-headers.ts'

const PROBLEM = 'application/problem+json'

const UNREADABLE = ['malformed_json', 'validation_failed', 'bad_request'] as const

/**
 * The answers by name. A name says what for, and stays when a code is added: generated clients have classes of these
 * names. An operation has the one with the fewest codes that holds all of its own.
 */
const ANSWERS: Readonly<Record<string, readonly ErrorCode[]>> = {
  BadRequest: UNREADABLE,
  NewPasswordRejected: [...UNREADABLE, ...PASSWORD_CODES],
  LinkRejected: [...UNREADABLE, 'one_time_token_invalid'],
  NewPasswordByLinkRejected: [...UNREADABLE, ...PASSWORD_CODES, 'one_time_token_invalid'],
  Unauthorized: ['token_missing', 'token_invalid', 'token_expired', 'session_revoked'],
  CredentialsRejected: ['invalid_credentials'],
  CodeRejected: ['sign_in_code_invalid'],
  RefreshTokenRejected: ['refresh_token_invalid', 'refresh_token_expired', 'refresh_token_reused'],
  Forbidden: ['permission_denied'],
  RecentProofRequired: ['permission_denied', 'reauthentication_required'],
  PasswordConfirmationRejected: ['current_password_wrong'],
  PasswordChangeForbidden: ['current_password_wrong', 'permission_denied'],
  RequesterUnproved: ['requester_unproved', 'current_password_wrong'],
  ChallengeRequired: ['challenge_required'],
  RegistrationForbidden: ['registration_closed', 'challenge_required'],
  SignInForbidden: ['account_disabled', 'email_unverified', 'challenge_required'],
  FeatureDisabled: ['feature_disabled'],
  UserNotFound: ['user_not_found'],
  SessionNotFound: ['session_not_found'],
  RequestTimeout: ['request_timeout'],
  EmailTaken: ['email_taken'],
  IdentifierTaken: ['username_taken', 'email_taken'],
  LastAdmin: ['last_admin'],
  Conflict: ['username_taken', 'email_taken', 'last_admin'],
  BodyTooLarge: ['body_too_large'],
  UriTooLong: ['uri_too_long'],
  MediaTypeUnsupported: ['media_type_unsupported'],
  RateLimited: ['rate_limited'],
  HeadersTooLarge: ['headers_too_large'],
  InternalError: ['internal_error'],
  Unavailable: ['unavailable'],
  Overloaded: ['overloaded', 'unavailable'],
}

/** Sent with the problems of two codes, whose status others share. */
const FORBIDDEN: Header = {
  description:
    'with `permission_denied` the error `insufficient_scope` (RFC 6750); with `reauthentication_required` how old a proof ' +
    'may be, in seconds, as `max_age` (RFC 9470)',
  schema: { type: 'string' },
}
const TELLS_WHAT_IS_LACKING: readonly ErrorCode[] = ['permission_denied', 'reauthentication_required']

/** Replaces the problem answers of all operations by references, and adds those that follow from their shape. */
export function hoistProblems(document: Document): void {
  for (const [method, operation] of operationsOf(document)) {
    const codes = new Set([...codesOfRoute(operation), ...codesOfShape(method, operation)])
    for (const [status, group] of groupByStatus(codes)) {
      // a route that words its refusals itself never answers with this one
      if (operation.responses[status]?.content?.['application/json']) continue
      const [name, codes] = answerFor(group)
      document.components.responses[name] ??= problemAnswer(document, name, status, codes)
      operation.responses[status] = at('responses', name)
    }
  }
}

/** The codes that a route names itself: `problems()` in routes/contract.ts leaves them beside the schema. */
function codesOfRoute({ responses }: Operation): ErrorCode[] {
  return Object.values(responses).flatMap(({ content }) => (content?.[PROBLEM] as { codes?: ErrorCode[] })?.codes ?? [])
}

/** What the framework refuses before a handler is asked. It reads a body wherever one is sent, wanted or not. */
function codesOfShape(method: string, { parameters = [], requestBody }: Operation): ErrorCode[] {
  const codes: ErrorCode[] = [
    'bad_request',
    'request_timeout',
    'headers_too_large',
    'rate_limited',
    'internal_error',
    'unavailable',
  ]
  if (method !== 'get') codes.push('malformed_json', 'body_too_large', 'media_type_unsupported')
  if (requestBody || parameters.length > 0) codes.push('validation_failed')
  if (parameters.some((parameter) => parameter.in === 'path')) codes.push('uri_too_long')
  return codes
}

/** In the order of the table, so that one set of codes has one name. */
function groupByStatus(codes: ReadonlySet<ErrorCode>): Map<number, ErrorCode[]> {
  return Map.groupBy(
    ERROR_CODES.filter((code) => codes.has(code)),
    statusOf,
  )
}

/** What the codes of an answer have in common, as generated clients say it when they throw; each code has an example. */
const SENTENCES: Readonly<Record<string, string>> = {
  BadRequest: 'The request cannot be read, or does not fit the contract.',
  NewPasswordRejected: 'The new password was refused, or the request does not fit the contract.',
  LinkRejected: 'The link is no longer valid, or the request does not fit the contract.',
  NewPasswordByLinkRejected: 'The link or the new password was refused, or the request does not fit the contract.',
  Unauthorized: 'The access token is missing, invalid or expired, or its session has ended.',
  RefreshTokenRejected: 'The refresh token is invalid, expired, or was used before.',
  RecentProofRequired: 'The permission or a recent authentication is missing.',
  PasswordChangeForbidden: 'The current password is wrong, or the permission is missing.',
  RequesterUnproved: 'Nothing shows that the caller asked for the link, or the password is wrong.',
  RegistrationForbidden: 'Nobody can register now, or a challenge has to be solved first.',
  SignInForbidden: 'The account may not sign in now, or a challenge has to be solved first.',
  IdentifierTaken: 'The user name or the e-mail address is taken.',
  Conflict: 'The user name or the e-mail address is taken, or no admin would be left.',
  Overloaded: 'The service cannot answer now; try again later.',
}

/**
 * One sentence that can stand as the message of an error.
 * @throws when an answer of several codes has none
 */
function sentenceOf(name: string, [first, ...others]: readonly ErrorCode[]): string {
  const sentence = SENTENCES[name] ?? (first && others.length === 0 ? titleOf(first) : undefined)
  if (sentence) return sentence
  throw new Error(`the answer ${name} wants a sentence in SENTENCES`)
}

function problemAnswer({ components }: Document, name: string, status: number, codes: readonly ErrorCode[]): Answer {
  const headers = headersFor(components, status, codes)
  for (const code of codes)
    components.examples[code] ??= { summary: titleOf(code), value: problemExample(code, components.schemas) }
  return {
    description: sentenceOf(name, codes),
    ...(Object.keys(headers).length > 0 && { headers }),
    content: {
      [PROBLEM]: {
        schema: at('schemas', 'Problem'),
        examples: Object.fromEntries(codes.map((code) => [code, at('examples', code)])),
      },
    },
  }
}

/** The headers of its status, and of codes that share theirs with others. */
function headersFor(components: Components, status: number, codes: readonly ErrorCode[]) {
  const headers = headersOf(components, status)
  if (!codes.some((code) => TELLS_WHAT_IS_LACKING.includes(code))) return headers
  components.headers['WWW-Authenticate-Forbidden'] = FORBIDDEN
  return { ...headers, 'WWW-Authenticate': at('headers', 'WWW-Authenticate-Forbidden') }
}

function problemExample(code: ErrorCode, schemas: Components['schemas']) {
  return {
    type: `urn:latchkey:problem:${code}`,
    title: titleOf(code),
    status: statusOf(code),
    code,
    ...(code === 'validation_failed' && { errors: exampleOf(schemas['Problem']?.properties?.['errors'], schemas) }),
  }
}

/**
 * The answer with the fewest codes that holds all of these.
 * @throws when there is none: it wants a name
 */
function answerFor(codes: readonly ErrorCode[]): readonly [name: string, codes: readonly ErrorCode[]] {
  const fitting = Object.entries(ANSWERS).filter(([, known]) => codes.every((code) => known.includes(code)))
  const [first] = fitting.sort(([, one], [, other]) => one.length - other.length)
  if (first) return first
  throw new Error(`no answer holds ${codes.join(', ')}: give it a name in ANSWERS`)
}
