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
  NODE_ENV: choice(['development', 'production', 'test'], 'development', '`production` refuses every default secret'),
  HOST: text('127.0.0.1', 'address to listen on'),
  PORT: integer(0, 65535, 3000, 'port to listen on; 0 picks a free port'),
  WORKERS: Type.String({
    pattern: '^(auto|[1-9]\\d{0,2})$',
    default: '1',
    description: 'number of processes that share the port',
    unit: 'a number from 1 to 999, or `auto` for one per core',
  }),
  PUBLIC_URL: Type.Optional(text(undefined, 'URL under which clients reach the service; default `http://HOST:PORT`')),
  DATABASE_URL: Type.String({
    // after two slashes some mean a path from the root and others one from here
    pattern: '^(sqlite:(?!//)|postgres(ql)?://).+$',
    default: 'sqlite:data/latchkey.db',
    description: 'database; `sqlite::memory:` keeps everything in memory, for trials only',
    unit: '`sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/NAME`',
  }),
  DATABASE_POOL: integer(2, 1000, 10, 'maximum connections to PostgreSQL per worker'),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?(\\+(sentinel|cluster))?://.+$',
      description: 'Redis for the counters that all nodes share; without it they are in the database',
      unit: '`redis://…`, `redis+sentinel://…` or `redis+cluster://…`; `rediss` with TLS',
    }),
  ),
  REDIS_HOST: Type.Optional(text(undefined, 'host of Redis, instead of `REDIS_URL`')),
  REDIS_PORT: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 65535,
      description: 'port of Redis with `REDIS_HOST`; default 6379',
      unit: '',
    }),
  ),
  JWT_KEY: Type.Optional(
    Type.String({
      description:
        'master key: encrypts the signing keys and derives the refresh tokens; required in production, otherwise created beside the database',
      unit: 'at least 32 bytes',
    }),
  ),
  JWT_KEY_PREVIOUS: Type.Optional(
    Type.String({
      description:
        'second master key during a change of `JWT_KEY`: its tokens, encrypted values and audit events are accepted, nothing new is made with it',
      unit: 'at least 32 bytes',
    }),
  ),
  JWT_ALG: choice(['ES256', 'EdDSA', 'RS256', 'HS256'], 'ES256', 'signature algorithm of access tokens'),
  ISSUER: Type.Optional(
    text(undefined, '`iss` of access tokens; by default `PUBLIC_URL` where that is set, `latchkey` otherwise'),
  ),
  AUDIENCE: text('latchkey', '`aud` of access tokens'),
  ACCESS_TOKEN_TTL: duration('15m', 'lifetime of an access token'),
  REFRESH_TOKEN_TTL: duration('30d', 'maximum lifetime of a session, from sign-in'),
  SESSION_IDLE_TTL: duration('14d', 'a session ends when it is not refreshed for this long'),
  REFRESH_GRACE: duration(
    '10s',
    'a replaced refresh token still returns its successor for this long, for clients that lost the answer',
  ),
  KEY_ROTATION: duration('90d', 'how long a signing key signs'),
  CLOCK_TOLERANCE: duration('5s', 'allowed difference between the clocks of two nodes when a token is checked'),
  PASSWORD_MIN_LENGTH: integer(1, 256, 8, 'minimum length of a password, in characters (Unicode code points)'),
  PASSWORD_POLICY: choice(
    ['strict', 'length'],
    'strict',
    'rules for new passwords: `strict` checks length, names, common and breached passwords; `length` checks the length only',
  ),
  PASSWORD_FILTER: Type.Optional(
    text(
      undefined,
      'file of breached passwords made by `latchkey passwords build`, instead of the built-in one',
      'a path',
    ),
  ),
  PASSWORD_BREACH_API: Type.Optional(
    text(
      undefined,
      'range API of breached passwords, such as `https://api.pwnedpasswords.com/range/`; it gets a part of the SHA-1 only',
      'URL',
    ),
  ),
  PASSWORD_BREACH_TIMEOUT: duration('1s', 'timeout of the breach API; after it the built-in list is used'),
  STEP_UP_AGE: duration('10m', 'maximum age of the last authentication for sensitive calls'),
  ARGON2_MEMORY: integer(1024, 4194304, 19456, 'memory of argon2id', 'KiB'),
  ARGON2_TIME: integer(1, 100, 2, 'passes of argon2id'),
  ARGON2_PARALLELISM: integer(1, 64, 1, 'lanes of argon2id'),
  HASH_CONCURRENCY: integer(
    1,
    128,
    availableParallelism(),
    'password hashes computed at the same time, in all workers together; default one per core',
  ),
  UV_THREADPOOL_SIZE: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1024,
      description: 'threads of libuv that hash passwords, in all workers together; default and best `HASH_CONCURRENCY`',
      unit: '',
    }),
  ),
  HASH_QUEUE: integer(0, 100000, 256, 'password hashes that may wait, in all workers together; further calls get 503'),
  SESSION_CACHE: integer(
    1000,
    10_000_000,
    100_000,
    'sessions, and as many access tokens, cached by each worker; at times up to twice as many',
  ),
  HASH_WAIT: duration('5s', 'maximum wait of a password hash; a call that would wait longer gets 503'),
  CORS_ORIGINS: Type.Optional(
    text(undefined, 'origins whose browser pages may call the service', 'a comma-separated or JSON list'),
  ),
  TRUST_PROXY: Type.Optional(
    text(
      undefined,
      'proxies whose `X-Forwarded-*` headers are trusted',
      'a number of hops, or a list of addresses and networks',
    ),
  ),
  BODY_LIMIT: integer(1024, 16777216, 65536, 'maximum size of a request body', 'bytes'),
  AUDIT_RETENTION: duration('400d', 'how long an event of the audit log is kept'),
  AUDIT_CHECKPOINTS: Type.Optional(
    text(undefined, 'file that checkpoints of the audit log are also appended to, one per line', 'path'),
  ),
  SERVICE_NAME: text('Latchkey', 'name of the service in mails and on its pages'),
  DEFAULT_LOCALE: text(
    'en',
    'language of mails to accounts without a language, and to addresses without an account',
    'a BCP 47 tag',
  ),
  APP_URL: Type.Optional(
    text(undefined, 'front end that links in mails lead to; default the pages of this service', 'URL'),
  ),
  SMTP_URL: Type.Optional(
    Type.String({
      pattern: '^smtps?://.+$',
      description:
        'SMTP server that sends the mail; without it there is no mail in production, and files in `MAIL_DIR` elsewhere',
      unit: '`smtps://USER:PASSWORD@HOST:465` or `smtp://HOST:587`, which must offer TLS unless `?tls=optional`',
    }),
  ),
  MAIL_FROM: Type.Optional(
    text(undefined, 'sender of mails; required with `SMTP_URL`', 'an address, or `Name <address>`'),
  ),
  MAIL_DIR: text('data/mail', 'folder for mails without `SMTP_URL`, outside production'),
  RATE_LIMIT: choice(
    ['on', 'off'],
    'on',
    'limits of calls and of guesses of passwords; `off` removes all of them, for load tests only',
  ),
  LOGIN_CHALLENGE: choice(
    ['auto', 'off'],
    'auto',
    '`auto`: while passwords of many accounts are being guessed, logins from unknown devices need a proof of work',
  ),
  RATE_LIMITS: Type.Optional(
    text(
      undefined,
      'different limits for some classes of calls',
      'a comma-separated list such as `login=30/1m,read=6000/1m`',
    ),
  ),
  METRICS: Type.Optional(
    text(
      undefined,
      'Prometheus metrics, on an address of their own or at `/metrics` with a bearer token',
      '`HOST:PORT` or `token:SECRET`',
    ),
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    text(undefined, 'OpenTelemetry collector that gets the traces, at `/v1/traces`', 'URL'),
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Type.Optional(
    text(undefined, 'exact URL that gets the traces, instead of the one above', 'URL'),
  ),
  OTEL_SERVICE_NAME: text('latchkey', 'name of the service in traces'),
  OTEL_SDK_DISABLED: choice(['true', 'false'], 'false', '`true` switches traces off, whatever else is set'),
  COMPAT: text(
    DIALECTS.join(','),
    'services whose API Latchkey also speaks, so that their clients keep working; `openapi-compat.yaml` has a tag for each',
    '`none` or a comma-separated list',
  ),
  COMPAT_HIDE_UNKNOWN: choice(
    ['on', 'off'],
    'off',
    '`on`: the login of `python-jwt-template` does not tell which addresses have an account, although its clients expect it',
  ),
  DOCS: choice(['on', 'off'], 'on', '`off`: the contracts and their pages are not served'),
  LOG_LEVEL: choice(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
    'lowest level that is logged',
  ),
  REQUIRE_VERIFIED_EMAIL: choice(
    ['on', 'off'],
    'off',
    '`on`: only accounts with a verified e-mail address can log in, so accounts without an address cannot',
  ),
  EMAIL_CHANGE: choice(
    ['confirm', 'at-once'],
    'confirm',
    'when a new e-mail address of one’s own account counts. `confirm`: after its link was used (needs mail, otherwise `at-once`). `at-once`: at once for signing in, while mail still goes to the verified address until the new one is verified',
  ),
  SIGN_IN_LINK: choice(['on', 'off'], 'off', '`on`: users can sign in by a link in a mail; needs mail'),
  SIGN_IN_CODE: choice(['on', 'off'], 'off', '`on`: users can sign in by a six-digit code in a mail; needs mail'),
  REGISTRATION: choice(
    ['open', 'verify-first', 'invite', 'closed'],
    'open',
    'who can register. `open`: anyone. `verify-first`: anyone, and the account exists after the link in a mail was used, so that nobody learns which addresses are known. `invite`: people invited by an admin. `closed`: nobody',
  ),
  MIGRATE: choice(
    ['auto', 'check'],
    'auto',
    'at start, migrate the database (`auto`), or refuse one that is not up to date (`check`)',
  ),
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
