/** Every failure leaves as a problem document (RFC 9457), whoever threw it. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isDatabaseUnavailable } from '../src/db/dialect.ts'
import { type ErrorCode, Failure, type Fault } from '../src/errors.ts'
import { MOST_FAULTS, type Problem } from '../src/schemas.ts'
import { toFaults } from '../src/validation/faults.ts'
import { validatorOf } from './validator.ts'

/** Not imported: an import of this module reads all it exports, and loads a client for HTTP and WebSockets with it. */
const { STATUS_CODES } = process.getBuiltinModule('node:http')

/** Fastify's own errors in our terms. */
const FRAMEWORK: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_request',
  FST_ERR_BAD_URL: 'bad_request',
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
}

/** How long a client should wait when the database is away, in s. */
const RETRY_AFTER = 5

export default fp(
  async (app) => {
    app.setErrorHandler<FastifyError>((error, request, reply) => sendProblem(toFailure(error, request), request, reply))
    app.setNotFoundHandler({ preHandler: app.limit('public') }, (request, reply) =>
      sendProblem(new Failure('not_found'), request, reply),
    )
    app.decorate('wordFailures', function (this: FastifyInstance, word) {
      this.setErrorHandler<FastifyError>(async (error, request, reply) => {
        const failure = toFailure(error, request)
        const retort = await word(failure, request)
        const { status, body } = retort
        if ('type' in retort) reply.type(retort.type)
        announce(failure, request, reply)
        // what is a fault of the body elsewhere may be one of credentials here
        if (status === 401 && !reply.hasHeader('www-authenticate')) reply.header('www-authenticate', REALM)
        return reply.code(status).send(body)
      })
    })
  },
  { name: 'errors', dependencies: ['rate-limit'] },
)

/** Answers with the problem document of a failure; what is our fault is logged with its cause. */
export function sendProblem(failure: Failure, request: FastifyRequest, reply: FastifyReply) {
  return announce(failure, request, reply)
    .code(failure.statusCode)
    .type('application/problem+json')
    .send(problemOf(failure, request.id))
}

/** What an answer with a failure says beside its body, whatever the body looks like. */
function announce(failure: Failure, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // a 503 that we chose (too much to do, about to stop) has no cause, and is no fault
  if (failure.statusCode >= 500 && failure.cause) request.log.error({ err: failure.cause }, failure.code)
  if (failure.retryAfter !== undefined) reply.header('retry-after', failure.retryAfter)
  if (failure.allow) reply.header('allow', failure.allow.join(', '))
  const challenge = challengeOf(failure)
  if (challenge) reply.header('www-authenticate', challenge)
  return reply
}

/** The document itself. */
export function problemOf(failure: Failure, requestId?: string): Problem {
  const { code, message, statusCode, detail, errors } = failure
  return {
    type: `urn:latchkey:problem:${code}`,
    title: message,
    status: statusCode,
    code,
    ...(detail !== undefined && { detail }),
    ...(requestId !== undefined && { request_id: requestId }),
    ...(errors && { errors: [...errors] }),
  }
}

const REALM = 'Bearer realm="latchkey"'

/** RFC 6750, section 3: no error code where no token was presented. */
function challengeOf({ code, message, maxAge }: Failure): string | undefined {
  if (code === 'token_missing') return REALM
  if (code === 'token_invalid' || code === 'token_expired' || code === 'session_revoked') {
    return `${REALM}, error="invalid_token", error_description="${message}"`
  }
  // RFC 9470, section 3, which answers 401: a client would take that for an access token that has expired
  if (code === 'reauthentication_required')
    return `${REALM}, error="insufficient_user_authentication", error_description="${message}", max_age=${maxAge}`
  if (code === 'permission_denied') return `${REALM}, error="insufficient_scope"`
  // RFC 9110 wants a challenge with every 401; credentials in a body are met with the scheme they lead to
  return [
    'invalid_credentials',
    'sign_in_code_invalid',
    'refresh_token_invalid',
    'refresh_token_expired',
    'refresh_token_reused',
  ].includes(code)
    ? REALM
    : undefined
}

/** Whatever was thrown, as a failure that the contract names. */
export function toFailure(error: FastifyError | Failure | Error, request?: FastifyRequest): Failure {
  if (error instanceof Failure) return error
  const { validation, code = '', statusCode = 500 } = error as FastifyError
  if (validation && request) return new Failure('validation_failed', { errors: faultsOf(request) })
  const known = FRAMEWORK[code]
  if (known) return new Failure(known, { cause: error })
  if (isDatabaseUnavailable(error)) return new Failure('unavailable', { cause: error, retryAfter: RETRY_AFTER })
  if (statusCode === 415) return new Failure('media_type_unsupported', { cause: error })
  if (error instanceof SyntaxError && statusCode === 400) return new Failure('malformed_json', { cause: error })
  return new Failure(statusCode >= 400 && statusCode < 500 ? 'bad_request' : 'internal_error', { cause: error })
}

/** All that does not fit about a request, in its order of parts: the framework stops at the first. */
function faultsOf(request: FastifyRequest): readonly Fault[] {
  const { params, query, body, headers } = request
  const parts = [
    ['params', 'path', params],
    ['body', 'body', body ?? null],
    ['querystring', 'query', query],
    ['headers', 'headers', headers],
  ] as const
  return parts
    .flatMap(([part, location, value]) => toFaults(validatorOf(request, part)?.list(value) ?? [], location))
    .slice(0, MOST_FAULTS)
}

/** Answers what is not HTTP enough to become a request. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  // a connection that is gone has nobody to answer
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (owesAnswer(socket)) {
    socket.destroy()
    return
  }
  const code: ErrorCode =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'headers_too_large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request_timeout'
        : 'bad_request'
  const failure = new Failure(code)
  const body = JSON.stringify(problemOf(failure))
  const head = [
    `HTTP/1.1 ${failure.statusCode} ${STATUS_CODES[failure.statusCode]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}

/** Whether a complete request before this one waits for its answer, for which ours would be taken. */
function owesAnswer(socket: Socket): boolean {
  const response = unfinishedAnswer(socket)
  return Boolean(response && (response.headersSent || response.req.complete))
}

/** The answer that a connection has begun or waits for, if there is one. */
export function unfinishedAnswer(
  socket: Socket & { _httpMessage?: ServerResponse | null },
): ServerResponse | undefined {
  // undocumented, but what Node's own handler goes by
  return socket._httpMessage ?? undefined
}
