/** The headers of answers, in the contract: those that a client reads. What only browsers and proxies read is not in it. */
import { type Answer, at, type Components, type Header, type Reference } from './openapi-document.ts'

const text = (description: string): Header => ({ description, schema: { type: 'string' } })

/** Brought by every answer to a request that could be read. */
const GENERAL: Readonly<Record<string, Header>> = {
  'X-Request-Id': { ...text('names the request in the log of the service'), required: true },
  RateLimit: text(
    'the class of the call, how many are left in this window, and for how many seconds it lasts; not with `RATE_LIMIT=off`',
  ),
  'RateLimit-Policy': text(
    'the class, how many calls a window allows, and its length in seconds; not with `RATE_LIMIT=off`',
  ),
}

/** What is no HTTP has no id and no class of calls. */
const UNREAD: readonly number[] = [408, 431]

const RETRY_AFTER: Header = {
  description: 'seconds to wait, where that is known',
  schema: { type: 'integer' },
}

/** Sent with every answer of its status unless `required` is missing. */
const OF_STATUS: Readonly<Record<number, Readonly<Record<string, Header>>>> = {
  401: { 'WWW-Authenticate': { ...text('the challenge to send a token (RFC 6750)'), required: true } },
  429: { 'Retry-After': RETRY_AFTER },
  503: { 'Retry-After': RETRY_AFTER },
}

/** References to the headers of any answer of a status; the headers become components. */
export function headersOf({ headers }: Components, status: number): Record<string, Header | Reference> {
  if (UNREAD.includes(status)) return {}
  const all = { ...GENERAL, ...OF_STATUS[status] }
  const named = Object.entries(all).map(([name, header]) => {
    headers[name] = header
    return [name, at('headers', name)] as const
  })
  // some of these are answered to what is no request
  const { required: _, ...sometimes } = GENERAL['X-Request-Id'] as Header
  return { ...Object.fromEntries(named), ...(status === 400 && { 'X-Request-Id': sometimes }) }
}

/** Adds what every answer brings to those that a route describes itself. */
export function declareHeaders(components: Components, responses: Readonly<Record<string, Answer>>): void {
  for (const [status, answer] of Object.entries(responses))
    answer.headers = { ...headersOf(components, Number(status)), ...answer.headers }
}
