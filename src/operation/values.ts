/** What variables of the environment mean beyond what their schema can say. Each reader throws the end of a sentence. */
import { isIP } from 'node:net'
import { canonicalLocale } from '../locale.ts'
import { parseRedisUrl } from './redis-url.ts'

/** The reference systems whose calls are answered in their own words; `routes/compat/` has a file for each. */
export const DIALECTS = ['flask-jwt-demo', 'python-jwt-template', 'flask-auth'] as const
export type Dialect = (typeof DIALECTS)[number]

/** Where metrics are served: on a listener of their own, or on the service's port behind a bearer token. */
export type MetricsAccess = { host: string; port: number } | { token: string }

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Beyond this, sums with the time of day would leave what a date can hold. */
const LONGEST_DAYS = 36_500

/** A duration (`15m`, `30d`, `90`) in milliseconds; a bare number counts seconds. */
export function milliseconds(duration: string): number {
  const unit = duration.replace(/^\d+/, '') as keyof typeof UNIT_MS | ''
  const length = Number.parseInt(duration, 10) * UNIT_MS[unit || 's']
  if (length > LONGEST_DAYS * UNIT_MS.d) throw new Error(`must be at most ${LONGEST_DAYS}d`)
  return length
}

/** Counted in bytes, since that is what a key is made of: 32 of ASCII, 16 of Greek. */
const MASTER_KEY_BYTES = 32

export function masterKey(value: string): string {
  if (Buffer.byteLength(value) < MASTER_KEY_BYTES) throw new Error(`must have at least ${MASTER_KEY_BYTES} bytes`)
  return value
}

/** An address or a name, without port or brackets. */
export function hostName(value: string): string {
  if (isIP(value) === 0 && !/^[\w.-]+$/.test(value)) throw new Error('must be an IP address or a host name')
  return value
}

/** `host:port` as a URL writes it: IPv6 in brackets. */
export function authority(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

/** A URL to which paths can be appended. */
export function baseUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error('must be an http or https URL')
  if (/[?#@]/.test(value)) throw new Error('must be a URL without credentials, query or fragment')
  return value.replace(/\/+$/, '')
}

/** A URL of PostgreSQL has to name a database: otherwise the driver would take one of the user's name. */
export function databaseUrl(value: string): string {
  if (value.startsWith('sqlite:')) return value
  if (!URL.canParse(value)) throw new Error('must be a URL; special characters in the password have to be escaped')
  if (new URL(value).pathname.length < 2) throw new Error('must name a database: postgres://HOST/NAME')
  return value
}

/** A URL of one Redis or of a set of them. */
export function redisUrl(value: string): string {
  parseRedisUrl(value)
  return value
}

/** Origins as browsers send them, from a comma-separated or a JSON list. */
export function origins(list: string): readonly string[] {
  const entries = list.trimStart().startsWith('[') ? parseJson(list) : list.split(',').map((entry) => entry.trim())
  const valid = (entry: unknown) => typeof entry === 'string' && URL.canParse(entry) && new URL(entry).origin === entry
  if (!Array.isArray(entries) || !entries.every(valid)) {
    throw new Error('must list origins such as https://app.example.org, without a path')
  }
  return entries
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A number of proxies in front of the service, or their addresses and networks. */
export function proxies(value: string): number | readonly string[] {
  if (/^\d{1,2}$/.test(value)) return Number(value)
  const networks = value.split(',').map((entry) => entry.trim())
  if (!networks.every(isNetwork)) throw new Error('must be a number of hops or a list of addresses and networks')
  return networks
}

function isNetwork(network: string): boolean {
  const [address = '', bits = '0', ...rest] = network.split('/')
  const width = isIP(address) === 4 ? 32 : 128
  return isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= width && rest.length === 0
}

/** The dialects to speak, from a comma-separated list. */
export function dialects(list: string): readonly Dialect[] {
  if (list === 'none') return []
  const chosen = list.split(',').map((entry) => entry.trim())
  if (!chosen.every((name) => (DIALECTS as readonly string[]).includes(name)))
    throw new Error(`must be none or a list out of ${DIALECTS.join(', ')}`)
  return DIALECTS.filter((name) => chosen.includes(name))
}

/** Fewer characters could be guessed over the network. */
const METRICS_TOKEN = /^token:([\x21-\x7e]{16,})$/

export function metricsAccess(value: string): MetricsAccess {
  if (value.startsWith('token:')) {
    const token = METRICS_TOKEN.exec(value)?.[1]
    if (token === undefined) throw new Error('must hold a token of at least 16 ASCII characters without spaces')
    return { token }
  }
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(value) ?? []
  const bare = host.replace(/^\[(.+)\]$/, '$1')
  // an IPv6 address needs its brackets here: without them nobody knows where the port begins
  const valid = isIP(bare) === 6 ? bare !== host : isIP(bare) === 4 || /^[\w.-]+$/.test(host)
  if (!valid || Number(port) < 1 || Number(port) > 65535) throw new Error('must be HOST:PORT or token:SECRET')
  return { host: bare, port: Number(port) }
}

/** Whether what is said to this host stays on the machine. */
export const isLoopback = (host: string) => /^(localhost|127\.[\d.]+|::1)$/.test(host)

/** Where messages are handed in. */
export interface SmtpServer {
  host: string
  port: number
  /** TLS from the first byte */
  secure: boolean
  /** without TLS nothing is said */
  requireTLS: boolean
  auth: { user: string; pass: string } | undefined
}

/** A server for messages; TLS may be missing only where the URL says so, or on this very machine. */
export function smtpServer(value: string): SmtpServer {
  if (!URL.canParse(value)) throw new Error('must be a URL; special characters in the password have to be escaped')
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(value)
  if (hostname === '' || !['', '/'].includes(pathname) || hash !== '') throw new Error('must name a host, and no path')
  if (search !== '' && search !== '?tls=optional') throw new Error('may have no other query than ?tls=optional')
  const secure = protocol === 'smtps:'
  const host = hostname.replace(/^\[|\]$/g, '')
  return {
    host,
    port: Number(port || (secure ? 465 : 587)),
    secure,
    requireTLS: !secure && search === '' && !isLoopback(host),
    auth: username === '' ? undefined : { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
  }
}

export interface MailFrom {
  name: string
  address: string
}

/** The sender of messages: an address, or a name with it in angle brackets. */
export function mailFrom(value: string): Partial<MailFrom> {
  const [, name = '', address = ''] =
    /^(?:([^<>\p{Cc}]*)<)?([^\s<>,;:"@\p{Cc}]+@[^\s<>,;:"@\p{Cc}]+)>?$/u.exec(value) ?? []
  if (address === '') throw new Error('must be an address, or Name <address>')
  const shown = name.trim().replace(/^"(.*)"$/, '$1')
  return { address, ...(shown && { name: shown }) }
}

/** A BCP 47 tag. */
export function localeTag(value: string): string {
  const tag = canonicalLocale(value)
  if (!tag) throw new Error('must be a BCP 47 tag, such as en or de-AT')
  return tag
}
