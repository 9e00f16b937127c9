/** Every variable of the environment: the schema that src/config.ts reads it by, and the documents are written from. */
import { availableParallelism } from 'node:os'
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { DIALECTS } from './operation/values.ts'

const DURATION = '^\\d{1,9}(ms|s|m|h|d)?$'

/** A string that is read as a duration, without a line of its own in src/config.ts. */
export type Duration = string & { readonly kind: 'duration' }

const duration = (byDefault: string, description: string) =>
  Type.Unsafe<Duration>({
    type: 'string',
    pattern: DURATION,
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
  JWT_KEY_PREVIOUS: Type.Optional(
    Type.String({
      description:
        'while `JWT_KEY` is changed: the other of the two, which makes nothing and whose tokens, seals and events are accepted',
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
  PASSWORD_POLICY: choice(
    ['strict', 'length'],
    'strict',
    'what new passwords are held against: length, names, common and breached ones; or their length alone',
  ),
  PASSWORD_FILTER: Type.Optional(
    text(
      undefined,
      'breached passwords, in a file of `latchkey passwords build`, in place of those of the release',
      'a path',
    ),
  ),
  PASSWORD_BREACH_API: Type.Optional(
    text(
      undefined,
      'a service that knows breached passwords, asked by a part of their SHA-1, such as `https://api.pwnedpasswords.com/range/`',
      'URL',
    ),
  ),
  PASSWORD_BREACH_TIMEOUT: duration('1s', 'the breach API has this long to answer; then the filter is asked'),
  STEP_UP_AGE: duration('10m', 'sensitive calls need a proof of who asks that is no older than this'),
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
    'sessions, and as many access tokens, that each worker keeps in memory; now and then up to twice as many',
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
  AUDIT_RETENTION: duration('400d', 'an event of the audit log is kept for this long'),
  AUDIT_CHECKPOINTS: Type.Optional(
    text(undefined, 'checkpoints of the audit log are appended to this file too, one line each', 'path'),
  ),
  SERVICE_NAME: text('Latchkey', 'what the service is called in messages and on its pages'),
  DEFAULT_LOCALE: text('en', 'language of messages to accounts that name none, and to strangers', 'a BCP 47 tag'),
  APP_URL: Type.Optional(
    text(undefined, 'front end that links in messages lead to; by default they lead to pages of this service', 'URL'),
  ),
  SMTP_URL: Type.Optional(
    Type.String({
      pattern: '^smtps?://.+$',
      description: 'where messages are handed in; without it production has no mail, and others write it into files',
      unit: '`smtps://USER:PASSWORD@HOST:465` or `smtp://HOST:587`, which must offer TLS unless `?tls=optional`',
    }),
  ),
  MAIL_FROM: Type.Optional(
    text(undefined, 'sender of messages; required with `SMTP_URL`', 'an address, or `Name <address>`'),
  ),
  MAIL_DIR: text('data/mail', 'folder for messages where there is no `SMTP_URL`, outside production'),
  RATE_LIMIT: choice(
    ['on', 'off'],
    'on',
    'how often callers may call, and how fast passwords may be guessed; off, for load tests, nothing is limited',
  ),
  LOGIN_CHALLENGE: choice(
    ['auto', 'off'],
    'auto',
    'auto: while passwords of many accounts are guessed, logins from unknown devices need a proof of work',
  ),
  RATE_LIMITS: Type.Optional(
    text(
      undefined,
      'other limits for some classes of calls',
      'a comma-separated list such as `login=30/1m,read=6000/1m`',
    ),
  ),
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
  DOCS: choice(['on', 'off'], 'on', 'off: neither the contract nor the pages that show it are served'),
  LOG_LEVEL: choice(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
    'least severity that is logged',
  ),
  REQUIRE_VERIFIED_EMAIL: choice(
    ['on', 'off'],
    'off',
    'on: only accounts whose e-mail address is verified can log in, so none without an address',
  ),
  EMAIL_CHANGE: choice(
    ['confirm', 'at-once'],
    'confirm',
    'confirm: an address that somebody gives their own account counts when it has confirmed that; needs mail, and is at-once without; at-once: the account goes by it at once, and a proved one goes on counting for what is sent',
  ),
  SIGN_IN_LINK: choice(['on', 'off'], 'off', 'on: a link by mail signs in without a password; needs mail'),
  SIGN_IN_CODE: choice(
    ['on', 'off'],
    'off',
    'on: a code of six digits by mail signs in without a password; needs mail',
  ),
  REGISTRATION: choice(
    ['open', 'verify-first', 'invite', 'closed'],
    'open',
    'who can make an account: anyone; anyone, and it exists when a link by mail was used, so that nobody is told which addresses are known; whom an admin has invited by mail; nobody',
  ),
  MIGRATE: choice(['auto', 'check'], 'auto', 'at start: migrate the database, or refuse one that is not up to date'),
})
export type Environment = Static<typeof Environment>
export type Name = keyof Environment
export const NAMES = Object.keys(Environment.properties) as Name[]

export const schemaOf = (name: string): TSchema => Environment.properties[name as Name]

/** Whether a variable is read as a duration. */
export const isDuration = (name: Name): boolean => schemaOf(name)['pattern'] === DURATION

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
export const SECRET: ReadonlySet<string> = new Set<Name>([
  'JWT_KEY',
  'JWT_KEY_PREVIOUS',
  'METRICS',
  'REDIS_URL',
  'DATABASE_URL',
  'PUBLIC_URL',
  'APP_URL',
  'SMTP_URL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
])
