/** The environment as one schema: the only reader of `process.env`. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseEnv } from 'node:util'
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import { ConfigError, Faults, type Variables } from './operation/faults.ts'
import {
  authority,
  baseUrl,
  DIALECTS,
  type Dialect,
  databaseUrl,
  dialects,
  hostName,
  type MetricsAccess,
  masterKey,
  metricsAccess,
  milliseconds,
  origins,
  proxies,
  redisUrl,
} from './operation/values.ts'

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
  WORKERS: Type.String({
    pattern: '^(auto|[1-9]\\d{0,2})$',
    default: '1',
    description: 'processes that serve on the one port',
    unit: 'a number from 1 to 999, or `auto` for one per core',
  }),
  PUBLIC_URL: Type.Optional(
    text(undefined, 'URL under which clients reach the service; by default `http://HOST:PORT`'),
  ),
  DATABASE_URL: Type.String({
    // after two slashes some mean a path from the root and others one from here
    pattern: '^(sqlite:(?!//)|postgres(ql)?://).+$',
    default: 'sqlite:data/latchkey.db',
    description: 'the database; `sqlite::memory:` keeps everything in memory and is for trying out',
    unit: '`sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/NAME`',
  }),
  DATABASE_POOL: integer(2, 1000, 10, 'most connections to PostgreSQL, of each worker'),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?(\\+(sentinel|cluster))?://.+$',
      description: 'Redis for counters that all nodes share; without it they are in the database',
      unit: '`redis://…`, `redis+sentinel://…` or `redis+cluster://…`; `rediss` with TLS',
    }),
  ),
  REDIS_HOST: Type.Optional(text(undefined, 'in place of `REDIS_URL`')),
  REDIS_PORT: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65535, description: 'goes with `REDIS_HOST`; 6379', unit: '' }),
  ),
  JWT_KEY: Type.Optional(
    Type.String({
      description:
        'master secret: seals the signing keys and derives the refresh tokens; required in production, made beside the database otherwise',
      unit: 'at least 32 bytes',
    }),
  ),
  JWT_ALG: choice(['ES256', 'EdDSA', 'RS256', 'HS256'], 'ES256', 'signature algorithm of access tokens'),
  ISSUER: Type.Optional(
    text(undefined, '`iss` of access tokens; by default `PUBLIC_URL` where that is set, `latchkey` otherwise'),
  ),
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
  HASH_CONCURRENCY: integer(
    1,
    128,
    availableParallelism(),
    'password hashes in flight, of all workers together; by default one per core',
  ),
  UV_THREADPOOL_SIZE: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1024,
      description:
        'threads of libuv, which hash passwords, of all workers together; best as many as `HASH_CONCURRENCY`, and so by default',
      unit: '',
    }),
  ),
  HASH_QUEUE: integer(0, 100000, 256, 'password hashes that may wait, of all workers together; more are answered 503'),
  SESSION_CACHE: integer(
    1000,
    10_000_000,
    100_000,
    'most sessions, and as many access tokens, that each worker keeps in memory',
  ),
  HASH_WAIT: duration('5s', 'longest wait of a password hash; what would wait longer is answered 503'),
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
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    text(undefined, 'traces go to this collector of OpenTelemetry, at `/v1/traces`; none without', 'URL'),
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Type.Optional(
    text(undefined, 'traces go to this very URL, in place of the one above', 'URL'),
  ),
  OTEL_SERVICE_NAME: text('latchkey', 'what the service is called in traces'),
  OTEL_SDK_DISABLED: choice(['true', 'false'], 'false', 'true: no traces, whatever else is set'),
  COMPAT: text(
    DIALECTS.join(','),
    'other services whose calls are answered as their clients expect; each is a tag of the contract',
    '`none` or a comma-separated list',
  ),
  COMPAT_HIDE_UNKNOWN: choice(
    ['on', 'off'],
    'off',
    'whether the login of `python-jwt-template` hides which addresses have an account; its clients expect to be told',
  ),
  LOG_LEVEL: choice(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
    'least severity that is logged',
  ),
  MIGRATE: choice(['auto', 'check'], 'auto', 'at start: migrate the database, or refuse one that is not up to date'),
})
type Environment = Static<typeof Environment>
type Name = keyof Environment
const NAMES = Object.keys(Environment.properties) as Name[]

type DurationName =
  | 'ACCESS_TOKEN_TTL'
  | 'REFRESH_TOKEN_TTL'
  | 'SESSION_IDLE_TTL'
  | 'REFRESH_GRACE'
  | 'KEY_ROTATION'
  | 'CLOCK_TOLERANCE'
  | 'HASH_WAIT'
type OptionalName = 'REDIS_URL' | 'JWT_KEY'
type ListName =
  | 'COMPAT'
  | 'CORS_ORIGINS'
  | 'METRICS'
  | 'TRUST_PROXY'
  | 'REDIS_HOST'
  | 'REDIS_PORT'
  | 'PUBLIC_URL'
  | 'ISSUER'
  | 'UV_THREADPOOL_SIZE'
  | 'OTEL_EXPORTER_OTLP_ENDPOINT'
  | 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
  | 'OTEL_SERVICE_NAME'
  | 'OTEL_SDK_DISABLED'
  | 'WORKERS'

export { ConfigError }

/** The validated configuration: names in lower case, durations in milliseconds, lists as arrays. */
export type Config = Readonly<
  { [K in Exclude<Name, DurationName | ListName | OptionalName> as Lowercase<K>]: Environment[K] } & {
    [K in DurationName as Lowercase<K>]: number
  } & {
    redis_url: string | undefined
    jwt_key: string | undefined
    public_url: string
    issuer: string
    cors_origins: readonly string[]
    trust_proxy: number | readonly string[] | undefined
    metrics: MetricsAccess | undefined
    compat: readonly Dialect[]
    uv_threadpool_size: number
    /** where traces go, and as whose; undefined: there are none */
    traces: { url: string; service: string } | undefined
    workers: number
  }
>

type Alias = { name: Name; convert?: (value: string) => string }

/** The reference systems' names for our variables. Our own name wins where both are set. */
export const ALIASES: Readonly<Record<string, Alias>> = {
  SECRET_KEY: { name: 'JWT_KEY' },
  ENV_JWT_KEY: { name: 'JWT_KEY' },
  ACCESS_TOKEN_EXPIRE_MINUTES: { name: 'ACCESS_TOKEN_TTL', convert: (minutes) => `${minutes}m` },
  BACKEND_CORS_ORIGINS: { name: 'CORS_ORIGINS' },
  DATABASE_URI: {
    name: 'DATABASE_URL',
    // SQLAlchemy may name the driver as well
    convert: (uri) => uri.replace(/^sqlite:\/\/\//, 'sqlite:').replace(/^postgresql\+\w+:/, 'postgresql:'),
  },
}

/** What no message may show. `PUBLIC_URL` may hold credentials, by mistake. */
const SECRET: ReadonlySet<string> = new Set<Name>([
  'JWT_KEY',
  'METRICS',
  'REDIS_URL',
  'DATABASE_URL',
  'PUBLIC_URL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
])

/**
 * Reads the configuration from `.env` and the environment; the environment wins.
 * @param source variables to read in place of `.env` and `process.env`
 * @throws ConfigError naming every fault, one sentence each
 */
export function loadConfig(source?: Readonly<Record<string, string | undefined>>): Config {
  const variables = withAliases(source ?? readEnvironment())
  const faults = new Faults(variables, SECRET)
  const config = interpret(validate(variables, faults), faults)
  if (faults.sentences.length > 0) throw new ConfigError(faults.sentences)
  return config
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

/** Every variable of ours that is set, under its own name. */
function withAliases(written: Readonly<Record<string, string | undefined>>): Variables {
  const found = new Map<Name, { value: string; alias?: string }>()
  // `NAME=` in an .env file means "not set"
  for (const [alias, { name, convert }] of Object.entries(ALIASES)) {
    const value = written[alias]
    if (value) found.set(name, { value: convert ? convert(value) : value, alias })
  }
  for (const name of NAMES) {
    const value = written[name]
    if (value) found.set(name, { value })
  }
  return found
}

/** The variables as their schema types them; those that do not fit are reported and have their defaults. */
function validate(variables: Variables, faults: Faults): Environment {
  for (const [name, { value }] of variables) {
    // Ajv takes `Infinity`, `0x50` and `1e3` for whole numbers
    if (schemaOf(name)['type'] === 'integer' && /\D/.test(value) && !faults.has(name))
      faults.add(name, requirementOf(name))
  }
  const environment = Object.fromEntries(
    [...variables].filter(([name]) => !faults.has(name)).map(([name, { value }]) => [name, value]),
  )
  const isValid = createAjv().compile<Environment>(Environment)
  if (isValid(environment)) return environment
  for (const { instancePath } of isValid.errors ?? []) {
    const name = instancePath.slice(1)
    faults.add(name, requirementOf(name))
  }
  return validate(variables, faults)
}

/** The schema is ours, and checking it would take longer than all that it checks. */
function createAjv(): Ajv {
  return new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true, keywords: ['unit'], validateSchema: false })
}

const schemaOf = (name: string): TSchema => Environment.properties[name as Name]

/** What a variable must be, in words, from its schema. */
function requirementOf(name: string): string {
  const { enum: values, minimum, maximum, unit } = schemaOf(name)
  if (values) return `must be one of ${values.join(', ')}`
  if (minimum !== undefined) return `must be a whole number from ${minimum} to ${maximum}`
  return `must be ${unit.replaceAll('`', '')}`
}

/** Turns variables that fit their schemas into the configuration, and checks what no schema can say. */
function interpret(env: Environment, faults: Faults): Config {
  const read = <T>(name: Name, reader: (value: string) => T): T | undefined => {
    const value = env[name]
    if (value === undefined || faults.has(name)) return undefined
    try {
      return reader(String(value))
    } catch (error) {
      faults.add(name, (error as Error).message)
      return undefined
    }
  }
  const duration = (name: DurationName) => read(name, milliseconds) ?? 0

  read('HOST', hostName)
  const publicUrl = read('PUBLIC_URL', baseUrl)
  const redis_host = read('REDIS_HOST', hostName)
  const config: Config = Object.freeze({
    node_env: env.NODE_ENV,
    host: env.HOST,
    port: env.PORT,
    workers: env.WORKERS === 'auto' ? availableParallelism() : Number(env.WORKERS),
    public_url: publicUrl ?? `http://${authority(env.HOST, env.PORT)}`,
    database_url: read('DATABASE_URL', databaseUrl) ?? env.DATABASE_URL,
    database_pool: env.DATABASE_POOL,
    redis_url:
      read('REDIS_URL', redisUrl) ?? (redis_host && `redis://${authority(redis_host, env.REDIS_PORT ?? 6379)}`),
    jwt_key: read('JWT_KEY', masterKey),
    jwt_alg: env.JWT_ALG,
    // not the default URL: it holds the port, and two processes on one database must believe each other's tokens
    issuer: env.ISSUER ?? publicUrl ?? 'latchkey',
    audience: env.AUDIENCE,
    access_token_ttl: duration('ACCESS_TOKEN_TTL'),
    refresh_token_ttl: duration('REFRESH_TOKEN_TTL'),
    session_idle_ttl: duration('SESSION_IDLE_TTL'),
    refresh_grace: duration('REFRESH_GRACE'),
    key_rotation: duration('KEY_ROTATION'),
    clock_tolerance: duration('CLOCK_TOLERANCE'),
    password_min_length: env.PASSWORD_MIN_LENGTH,
    argon2_memory: env.ARGON2_MEMORY,
    argon2_time: env.ARGON2_TIME,
    argon2_parallelism: env.ARGON2_PARALLELISM,
    hash_concurrency: env.HASH_CONCURRENCY,
    hash_queue: env.HASH_QUEUE,
    hash_wait: duration('HASH_WAIT'),
    session_cache: env.SESSION_CACHE,
    uv_threadpool_size: env.UV_THREADPOOL_SIZE ?? env.HASH_CONCURRENCY,
    cors_origins: read('CORS_ORIGINS', origins) ?? [],
    trust_proxy: read('TRUST_PROXY', proxies),
    body_limit: env.BODY_LIMIT,
    rate_limit: env.RATE_LIMIT,
    metrics: read('METRICS', metricsAccess),
    traces: env.OTEL_SDK_DISABLED === 'true' ? undefined : tracesOf(env, read),
    compat: read('COMPAT', dialects) ?? [],
    compat_hide_unknown: env.COMPAT_HIDE_UNKNOWN,
    log_level: env.LOG_LEVEL,
    migrate: env.MIGRATE,
  })
  checkTogether(config, env, faults)
  return config
}

/** By the rules of OpenTelemetry's own variables: one URL for everything has a path for traces, one for traces is used as it is. */
function tracesOf(
  { OTEL_SERVICE_NAME: service }: Environment,
  read: <T>(name: Name, reader: (value: string) => T) => T | undefined,
): Config['traces'] {
  const base = read('OTEL_EXPORTER_OTLP_ENDPOINT', baseUrl)
  const url = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', baseUrl) ?? (base && `${base}/v1/traces`)
  return url === undefined ? undefined : { url, service }
}

/** What only holds between two variables; not asked where one of them is at fault already. */
function checkTogether(config: Config, env: Environment, faults: Faults): void {
  const check = (holds: boolean, name: Name, what: string, ...others: Name[]) => {
    if (!holds && !faults.has(name, ...others)) faults.add(name, what)
  }
  const { access_token_ttl } = config
  check(
    config.node_env !== 'production' || config.jwt_key !== undefined,
    'JWT_KEY',
    'is required in production: at least 32 random bytes, for example of `openssl rand -base64 48`',
  )
  check(
    env.REDIS_PORT === undefined || !!config.redis_url,
    'REDIS_PORT',
    'goes with REDIS_HOST',
    'REDIS_HOST',
    'REDIS_URL',
  )
  const inMemory = config.database_url === 'sqlite::memory:'
  check(config.workers === 1 || !inMemory, 'WORKERS', 'must be 1 where the database is in memory', 'DATABASE_URL')
  check(
    config.workers <= config.hash_concurrency,
    'WORKERS',
    `must not be more than HASH_CONCURRENCY (${config.hash_concurrency}), which they share`,
    'HASH_CONCURRENCY',
  )
  check(access_token_ttl >= 1000, 'ACCESS_TOKEN_TTL', 'must be at least 1s')
  const notShorter = ['must not be shorter than ACCESS_TOKEN_TTL', 'ACCESS_TOKEN_TTL'] as const
  check(config.refresh_token_ttl >= access_token_ttl, 'REFRESH_TOKEN_TTL', ...notShorter)
  check(config.session_idle_ttl >= access_token_ttl, 'SESSION_IDLE_TTL', ...notShorter)
  check(
    config.key_rotation >= 2 * access_token_ttl,
    'KEY_ROTATION',
    'must be at least twice ACCESS_TOKEN_TTL',
    'ACCESS_TOKEN_TTL',
  )
}
