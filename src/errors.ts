/** Every way to fail: code, status, sentence; one line each. The contract's known codes are those of this table. */

const TABLE = {
  malformed_json: [400, 'The body is not valid JSON.'],
  validation_failed: [400, 'The request does not fit the contract.'],
  bad_request: [400, 'The request cannot be read as HTTP.'],
  password_too_short: [400, 'The password is too short.'],
  password_contains_name: [400, 'The password is made of the names of its owner or of the service.'],
  password_common: [400, 'The password is a common one.'],
  password_breached: [400, 'The password was found in a breach.'],
  one_time_token_invalid: [400, 'The one-time token is not valid: it was used, is void, or is too old.'],
  token_missing: [401, 'This call needs an access token.'],
  token_invalid: [401, 'The access token is not valid.'],
  token_expired: [401, 'The access token has expired.'],
  session_revoked: [401, 'The session of this access token has ended.'],
  invalid_credentials: [401, 'The identifier or the password is wrong.'],
  sign_in_code_invalid: [401, 'The code is wrong, was used, is too old, or was tried too often.'],
  refresh_token_invalid: [401, 'The refresh token is not valid.'],
  refresh_token_expired: [401, 'The refresh token has expired.'],
  refresh_token_reused: [401, 'The refresh token was used before; its session has been ended.'],
  account_disabled: [403, 'The account is disabled.'],
  registration_closed: [403, 'Nobody can register with this service by themselves.'],
  email_unverified: [403, 'The e-mail address of the account has to be verified first.'],
  challenge_required: [403, 'Much is being asked for; solve a challenge first.'],
  requester_unproved: [403, 'The link alone does not tell who asked for it: send a password beside it.'],
  current_password_wrong: [403, 'The current password is wrong.'],
  reauthentication_required: [403, 'This call needs a recent proof of who asks.'],
  cross_site_request: [403, 'This call has to come from a page of the service itself.'],
  permission_denied: [403, 'The account lacks the permission that this call needs.'],
  not_found: [404, 'There is nothing here.'],
  feature_disabled: [404, 'The configuration of this service has switched this off.'],
  user_not_found: [404, 'There is no such user.'],
  session_not_found: [404, 'There is no such session.'],
  method_not_allowed: [405, 'This URL does not answer that method.'],
  request_timeout: [408, 'The request did not arrive in time.'],
  username_taken: [409, 'The username is taken.'],
  email_taken: [409, 'The e-mail address is taken.'],
  last_admin: [409, 'The last active admin can neither be deleted, disabled nor demoted.'],
  body_too_large: [413, 'The body is larger than the service accepts.'],
  uri_too_long: [414, 'The URL is longer than the service accepts.'],
  media_type_unsupported: [415, 'The body must be application/json.'],
  rate_limited: [429, 'Too many requests.'],
  headers_too_large: [431, 'The header fields are larger than the service accepts.'],
  internal_error: [500, 'The service failed; the failure has been logged.'],
  overloaded: [503, 'The service has more work than it can do; try again later.'],
  unavailable: [503, 'The service cannot answer now; try again later.'],
} as const satisfies Record<string, readonly [status: number, title: string]>

/** A code that the service knows. */
export type ErrorCode = keyof typeof TABLE

/** Why a new password is refused. */
export const PASSWORD_CODES = [
  'password_too_short',
  'password_contains_name',
  'password_common',
  'password_breached',
] as const satisfies readonly ErrorCode[]

/** All codes, in the order of the table. */
export const ERROR_CODES = Object.keys(TABLE) as readonly ErrorCode[]

/** One member of the request that does not fit: the part of the request, its place there (RFC 6901), and what is wrong. */
export interface Fault {
  location: 'body' | 'query' | 'path' | 'headers'
  pointer: string
  message: string
}

interface Details {
  /** what is particular to this occurrence; never a value that the client sent */
  detail?: string
  errors?: readonly Fault[]
  /** for `Retry-After`, in seconds */
  retryAfter?: number
  /** how old a proof may be, for `WWW-Authenticate`, in seconds */
  maxAge?: number
  /** for `Allow` */
  allow?: readonly string[]
  /** what tells failures of one code apart, for answers that do */
  reason?: Reason | undefined
  cause?: unknown
}

/** The signature was made by no key of ours, or over another text. */
type Reason = 'signature'

/** A failure that the contract names. Its status and title come from the table. */
export class Failure extends Error {
  override name = 'Failure'
  readonly code: ErrorCode
  readonly statusCode: number
  readonly detail: string | undefined
  readonly errors: readonly Fault[] | undefined
  readonly retryAfter: number | undefined
  readonly maxAge: number | undefined
  readonly allow: readonly string[] | undefined
  readonly reason: Reason | undefined

  constructor(code: ErrorCode, { detail, errors, retryAfter, maxAge, allow, reason, cause }: Details = {}) {
    super(TABLE[code][1], cause === undefined ? undefined : { cause })
    this.code = code
    this.statusCode = TABLE[code][0]
    this.detail = detail
    this.errors = errors
    this.retryAfter = retryAfter
    this.maxAge = maxAge
    this.allow = allow
    this.reason = reason
  }
}

/** The HTTP status that goes with a code. */
export function statusOf(code: ErrorCode): number {
  return TABLE[code][0]
}

/** The constant sentence that goes with a code. */
export function titleOf(code: ErrorCode): string {
  return TABLE[code][1]
}
