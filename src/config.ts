/** The environment as one schema: the only reader of `process.env`. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { parseEnv } from 'node:util'
import { type Static, Type } from '@sinclair/typebox'
import type { ErrorObject } from 'ajv'
import { envSchema } from 'env-schema'

const duration = (byDefault: string, description: string) =>
  Type.String({
    pattern: '^\\d{1,9}(ms|s|m|h|d)?$',
    default: byDefault,
    description,
    unit: 'a duration: `10s`, `15m`, `12h`, `30d`, or a number of seconds',
  })
const integer = (minimum: number, maximum: number, byDefault: number, description: string, unit = '') =>
  Type.Integer({ minimum, maximum, default: byDefault, description, unit })
const choice = <const T extends string>(values: readonly T[], byDefault: T, description: string) =>
  Type.Unsafe<T>({ type: 'string', enum: values, default: byDefault, description, unit: values.join(' \\| ') })
const text = (byDefault: string | undefined, description: string, unit = '') =>
  Type.String({ minLength: 1, description, unit, ...(byDefault === undefined ? {} : { default: byDefault }) })

/** Every variable of the environment that Latchkey reads, with its default, its bounds and its meaning. */
export const Environment = Type.Object({
  NODE_ENV: choice(['development', 'production', 'test'], 'development', 'production refuses every default secret'),
  HOST: text('127.0.0.1', 'address to listen on'),
  PORT: integer(0, 65535, 3000, 'port to listen on; 0 takes a free one'),
  PUBLIC_URL: Type.Optional(
    text(undefined, 'URL under which clients reach the service; by default `http://HOST:PORT`'),
  ),
  DATABASE_URL: Type.String({
    pattern: '^sqlite:.+$',
    default: 'sqlite:data/latchkey.db',
    description: 'the database; `sqlite::memory:` keeps everything in memory and is for trying out',
    unit: '`sqlite:PATH`',
  }),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?://.+$',
      description: 'Redis for what is short-lived; without it the embedded store does the same in the database',
      unit: '`redis://…` or `rediss://…`',
    }),
  ),
  REDIS_HOST: Type.Optional(text(undefined, 'in place of `REDIS_URL`')),
  REDIS_PORT: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65535, description: 'goes with `REDIS_HOST`; 6379', unit: '' }),
  ),
  JWT_KEY: Type.Optional(
    Type.String({
      minLength: 32,
      description:
        'master secret: seals the signing keys and derives the refresh tokens; required in production, made beside the database otherwise',
      unit: 'at least 32 bytes',
    }),
  ),
  JWT_ALG: choice(['ES256', 'EdDSA', 'RS256', 'HS256'], 'ES256', 'signature algorithm of access tokens'),
  ISSUER: Type.Optional(text(undefined, '`iss` of access tokens; by default `PUBLIC_URL`')),
  AUDIENCE: text('latchkey', '`aud` of access tokens'),
  ACCESS_TOKEN_TTL: duration('15m', 'life of an access token'),
  REFRESH_TOKEN_TTL: duration('30d', 'longest life of a session, from sign-in'),
  SESSION_IDLE_TTL: duration('14d', 'a session that is not refreshed for this long ends'),
  REFRESH_GRACE: duration('10s', 'a replaced refresh token still yields its successor for this long'),
  KEY_ROTATION: duration('90d', 'a signing key signs for this long'),
  CLOCK_TOLERANCE: duration('5s', 'how far the clocks of two nodes may differ when a token is judged'),
  PASSWORD_MIN_LENGTH: integer(1, 256, 8, 'shortest password, in characters (Unicode code points)'),
  ARGON2_MEMORY: integer(1024, 4194304, 19456, 'argon2id memory', 'KiB'),
  ARGON2_TIME: integer(1, 100, 2, 'argon2id passes'),
  ARGON2_PARALLELISM: integer(1, 64, 1, 'argon2id lanes'),
  HASH_CONCURRENCY: integer(1, 128, availableParallelism(), 'password hashes in flight; by default one per core'),
  HASH_QUEUE: integer(0, 100000, 256, 'password hashes that may wait; more are answered 503'),
  CORS_ORIGINS: Type.Optional(
    text(undefined, 'origins that browsers may call from; none by default', 'a comma-separated or JSON list'),
  ),
  TRUST_PROXY: Type.Optional(
    text(
      undefined,
      'whose `X-Forwarded-*` headers count; nobody’s by default',
      'a number of hops, or a list of addresses and networks',
    ),
  ),
  BODY_LIMIT: integer(1024, 16777216, 65536, 'largest request body', 'bytes'),
  RATE_LIMIT: choice(['on', 'off'], 'on', 'reserved: nothing is limited yet'),
  METRICS: Type.Optional(
    text(
      undefined,
      'Prometheus metrics: on an address of their own, or at `/metrics` for bearers of a token',
      '`HOST:PORT` or `token:SECRET`',
    ),
  ),
  LOG_LEVEL: choice(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
    'least severity that is logged',
  ),
  MIGRATE: choice(['auto', 'check'], 'auto', 'at start: migrate the database, or refuse one that is not up to date'),
})
type Environment = Static<typeof Environment>

type DurationName =
  | 'ACCESS_TOKEN_TTL'
  | 'REFRESH_TOKEN_TTL'
  | 'SESSION_IDLE_TTL'
  | 'REFRESH_GRACE'
  | 'KEY_ROTATION'
  | 'CLOCK_TOLERANCE'
type OptionalName = 'REDIS_URL' | 'JWT_KEY'
type ListName = 'CORS_ORIGINS' | 'METRICS' | 'TRUST_PROXY' | 'REDIS_HOST' | 'REDIS_PORT' | 'PUBLIC_URL' | 'ISSUER'

/** Where metrics are served: on a listener of their own, or on the service's port behind a bearer token. */
export type MetricsAccess = { host: string; port: number } | { token: string }

/** The validated configuration: names in lower case, durations in milliseconds, lists as arrays. */
export type Config = Readonly<
  { [K in Exclude<keyof Environment, DurationName | ListName | OptionalName> as Lowercase<K>]: Environment[K] } & {
    [K in DurationName as Lowercase<K>]: number
  } & {
    redis_url: string | undefined
    jwt_key: string | undefined
    public_url: string
    issuer: string
    cors_origins: readonly string[]
    trust_proxy: number | readonly string[] | undefined
    metrics: MetricsAccess | undefined
  }
>

/** The environment holds impossible values; `faults` has one sentence for each. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

type Alias = { name: keyof Environment; convert?: (value: string) => string }

/** The reference systems' names for our variables. Our own name wins where both are set. */
export const ALIASES: Readonly<Record<string, Alias>> = {
  SECRET_KEY: { name: 'JWT_KEY' },
  ENV_JWT_KEY: { name: 'JWT_KEY' },
  ACCESS_TOKEN_EXPIRE_MINUTES: { name: 'ACCESS_TOKEN_TTL', convert: (minutes) => `${minutes}m` },
  BACKEND_CORS_ORIGINS: { name: 'CORS_ORIGINS' },
  DATABASE_URI: { name: 'DATABASE_URL', convert: (uri) => uri.replace(/^sqlite:\/\/\//, 'sqlite:') },
}

const SECRET = new Set<string>(['JWT_KEY', 'METRICS', 'REDIS_URL', 'DATABASE_URL'])

/**
 * Reads the configuration from `.env` and the environment; the environment wins.
 * @param source variables to read in place of `.env` and `process.env`
 * @throws ConfigError naming every fault, one sentence each
 */
export function loadConfig(source?: Readonly<Record<string, string | undefined>>): Config {
  const variables = source ?? readEnvironment()
  const environment = validate(withAliases(variables))
  return interpret(environment)
}

/** The environment over `.env` of the working directory, if there is one. */
function readEnvironment(): Record<string, string | undefined> {
  try {
    return { ...parseEnv(readFileSync('.env', 'utf8')), ...process.env }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return process.env
    throw new ConfigError([`.env cannot be read: ${(error as Error).message}`])
  }
}

function withAliases(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const known: Record<string, string> = {}
  for (const [alias, { name, convert }] of Object.entries(ALIASES)) {
    const value = variables[alias]
    if (value) known[name] = convert ? convert(value) : value
  }
  for (const name of Object.keys(Environment.properties)) {
    const value = variables[name]
    // `NAME=` in an .env file means "not set"
    if (value !== undefined && value !== '') known[name] = value
  }
  return known
}

function validate(variables: Record<string, string>): Environment {
  try {
    return envSchema<Environment>({
      schema: structuredClone(Environment),
      data: variables,
      env: false,
      ajv: { customOptions: (ajv) => ajv.addKeyword('unit') },
    })
  } catch (error) {
    const errors = (error as { errors?: ErrorObject[] }).errors
    if (!errors) throw error
    throw new ConfigError(errors.map((fault) => sentence(fault, variables)))
  }
}

/** One fault as one sentence; the value is shown unless it may be a secret. */
function sentence({ instancePath, keyword, params, message }: ErrorObject, variables: Record<string, string>): string {
  const name = instancePath.slice(1)
  if (name === 'JWT_KEY' && keyword === 'minLength') return 'JWT_KEY must have at least 32 bytes'
  const shown = SECRET.has(name) ? '' : ` (it is "${variables[name]}")`
  if (keyword === 'enum') return `${name} must be one of ${(params['allowedValues'] as string[]).join(', ')}${shown}`
  if (keyword !== 'pattern') return `${name} ${message}${shown}`
  const unit = Environment.properties[name as keyof Environment]['unit'] as string
  return `${name} must be ${unit.replaceAll('`', '')}${shown}`
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A validated duration (`15m`, `30d`, `90`) in milliseconds; a bare number counts seconds. */
function milliseconds(duration: string): number {
  const amount = Number.parseInt(duration, 10)
  const unit = duration.replace(/^\d+/, '') as keyof typeof UNIT_MS | ''
  return amount * UNIT_MS[unit || 's']
}

/** Turns valid variables into the configuration and checks what only holds between two of them. */
function interpret(env: Environment): Config {
  const faults: string[] = []
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      faults.push((error as Error).message)
      return undefined
    }
  }
  const public_url = attempt(() => httpUrl('PUBLIC_URL', env.PUBLIC_URL ?? `http://${authority(env.HOST, env.PORT)}`))
  const cors_origins = attempt(() => origins(env.CORS_ORIGINS)) ?? []
  const trust_proxy = attempt(() => proxies(env.TRUST_PROXY))
  const metrics = attempt(() => metricsAccess(env.METRICS))
  const redis_url = env.REDIS_URL ?? (env.REDIS_HOST && `redis://${authority(env.REDIS_HOST, env.REDIS_PORT ?? 6379)}`)
  const access_token_ttl = milliseconds(env.ACCESS_TOKEN_TTL)
  const refresh_token_ttl = milliseconds(env.REFRESH_TOKEN_TTL)
  const session_idle_ttl = milliseconds(env.SESSION_IDLE_TTL)
  if (env.NODE_ENV === 'production' && !env.JWT_KEY) {
    faults.push('JWT_KEY is required in production: at least 32 random bytes, for example of `openssl rand -base64 48`')
  }
  if (access_token_ttl < 1000) faults.push('ACCESS_TOKEN_TTL must be at least 1s')
  if (refresh_token_ttl < access_token_ttl) faults.push('REFRESH_TOKEN_TTL must not be shorter than ACCESS_TOKEN_TTL')
  if (session_idle_ttl < access_token_ttl) faults.push('SESSION_IDLE_TTL must not be shorter than ACCESS_TOKEN_TTL')
  if (milliseconds(env.KEY_ROTATION) < 2 * access_token_ttl)
    faults.push('KEY_ROTATION must be at least twice ACCESS_TOKEN_TTL')
  if (env.ARGON2_MEMORY < 8 * env.ARGON2_PARALLELISM)
    faults.push('ARGON2_MEMORY must be at least 8 KiB for each of ARGON2_PARALLELISM')
  if (faults.length > 0 || public_url === undefined) throw new ConfigError(faults)
  return Object.freeze({
    node_env: env.NODE_ENV,
    host: env.HOST,
    port: env.PORT,
    public_url,
    database_url: env.DATABASE_URL,
    redis_url,
    jwt_key: env.JWT_KEY,
    jwt_alg: env.JWT_ALG,
    issuer: env.ISSUER ?? public_url,
    audience: env.AUDIENCE,
    access_token_ttl,
    refresh_token_ttl,
    session_idle_ttl,
    refresh_grace: milliseconds(env.REFRESH_GRACE),
    key_rotation: milliseconds(env.KEY_ROTATION),
    clock_tolerance: milliseconds(env.CLOCK_TOLERANCE),
    password_min_length: env.PASSWORD_MIN_LENGTH,
    argon2_memory: env.ARGON2_MEMORY,
    argon2_time: env.ARGON2_TIME,
    argon2_parallelism: env.ARGON2_PARALLELISM,
    hash_concurrency: env.HASH_CONCURRENCY,
    hash_queue: env.HASH_QUEUE,
    cors_origins,
    trust_proxy,
    body_limit: env.BODY_LIMIT,
    rate_limit: env.RATE_LIMIT,
    metrics,
    log_level: env.LOG_LEVEL,
    migrate: env.MIGRATE,
  })
}

/** `host:port` as a URL writes it: IPv6 in brackets. */
export function authority(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

function httpUrl(name: string, value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (!url || !/^https?:$/.test(url.protocol))
    throw new Error(`${name} must be an http or https URL (it is "${value}")`)
  return value.replace(/\/+$/, '')
}

function origins(list: string | undefined): readonly string[] {
  if (list === undefined) return []
  const entries: unknown = list.trimStart().startsWith('[')
    ? parseJson(list)
    : list.split(',').map((entry) => entry.trim())
  const valid = (entry: unknown) => typeof entry === 'string' && URL.canParse(entry) && new URL(entry).origin === entry
  if (!Array.isArray(entries) || !entries.every(valid)) {
    throw new Error(`CORS_ORIGINS must list origins such as https://app.example.org (it is "${list}")`)
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

function proxies(value: string | undefined): number | readonly string[] | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,2}$/.test(value)) return Number(value)
  const networks = value.split(',').map((entry) => entry.trim())
  const valid = networks.every((network) => {
    const [address = '', bits = '0', ...rest] = network.split('/')
    const width = isIP(address) === 4 ? 32 : 128
    return isIP(address) !== 0 && /^\d+$/.test(bits) && Number(bits) <= width && rest.length === 0
  })
  if (!valid)
    throw new Error(`TRUST_PROXY must be a number of hops or a list of addresses and networks (it is "${value}")`)
  return networks
}

function metricsAccess(value: string | undefined): MetricsAccess | undefined {
  if (value === undefined) return undefined
  if (value.startsWith('token:')) {
    const token = value.slice('token:'.length)
    if (token.length < 16) throw new Error('METRICS must hold a token of at least 16 characters')
    return { token }
  }
  const url = URL.canParse(`http://${value}`) ? new URL(`http://${value}`) : undefined
  if (!url?.port || url.pathname !== '/') throw new Error('METRICS must be HOST:PORT or token:SECRET')
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) }
}
