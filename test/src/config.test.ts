import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { type Config, ConfigError, loadConfig } from '../../src/config.ts'
import { ALIASES, Environment } from '../../src/environment.ts'
import { matchLists } from '../support/match.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const KEY = 'k0123456789abcdefghijklmnopqrstu'

/** The sentences that a start with these variables ends with. */
function faultsOf(variables: Record<string, string>): readonly string[] {
  try {
    loadConfig(variables)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

t.test('with nothing set, every value has the default that the documents say', async (t) => {
  t.strictSame(loadConfig({}), {
    node_env: 'development',
    host: '127.0.0.1',
    port: 3000,
    public_url: 'http://127.0.0.1:3000',
    public_origin: 'http://127.0.0.1:3000',
    database_url: 'sqlite:data/latchkey.db',
    database_pool: 10,
    redis_url: undefined,
    jwt_key: undefined,
    jwt_key_previous: undefined,
    jwt_alg: 'ES256',
    issuer: 'latchkey',
    audience: 'latchkey',
    access_token_ttl: 15 * MINUTE,
    refresh_token_ttl: 30 * DAY,
    session_idle_ttl: 14 * DAY,
    refresh_grace: 10_000,
    key_rotation: 90 * DAY,
    clock_tolerance: 5000,
    password_min_length: 8,
    argon2_memory: 19456,
    argon2_time: 2,
    argon2_parallelism: 1,
    hash_concurrency: availableParallelism(),
    hash_queue: 256,
    hash_wait: 5000,
    session_cache: 100_000,
    uv_threadpool_size: availableParallelism(),
    workers: 1,
    password_policy: 'strict',
    step_up_age: 10 * MINUTE,
    password_filter: undefined,
    password_breach_api: undefined,
    password_breach_timeout: 1000,
    cors_origins: [],
    trust_proxy: undefined,
    audit_retention: 34_560_000_000,
    audit_checkpoints: undefined,
    body_limit: 65536,
    rate_limit: 'on',
    login_challenge: 'auto',
    docs: 'on',
    service_name: 'Latchkey',
    default_locale: 'en',
    app_url: undefined,
    smtp: undefined,
    mail_from: { name: 'Latchkey', address: 'latchkey@localhost' },
    mail_dir: 'data/mail',
    rate_limits: {
      public: { most: 600, window: MINUTE },
      health: { most: 1200, window: MINUTE },
      refused: { most: 300, window: MINUTE },
      read: { most: 1200, window: MINUTE },
      gateway: { most: 12_000, window: MINUTE },
      write: { most: 120, window: MINUTE },
      export: { most: 30, window: HOUR },
      admin: { most: 600, window: MINUTE },
      refresh: { most: 600, window: MINUTE },
      strength: { most: 120, window: MINUTE },
      login: { most: 60, window: MINUTE },
      code: { most: 60, window: HOUR },
      register: { most: 60, window: HOUR },
      mail: { most: 30, window: HOUR },
      mail_unproved: { most: 8, window: HOUR },
      mail_strangers: { most: 15, window: HOUR },
      mail_members: { most: 10, window: HOUR },
      mail_notices: { most: 12, window: HOUR },
      mail_recipients: { most: 30, window: HOUR },
      mail_service: { most: 1000, window: HOUR },
    },
    metrics: undefined,
    traces: undefined,
    compat: ['flask-jwt-demo', 'python-jwt-template', 'flask-auth'],
    compat_hide_unknown: 'off',
    log_level: 'info',
    require_verified_email: 'off',
    email_change: 'confirm',
    sign_in_link: 'off',
    sign_in_code: 'off',
    registration: 'open',
    migrate: 'auto',
  } satisfies Config)
})

/** A value for each variable, and what the configuration makes of it. */
const SET: Record<keyof typeof Environment.properties, [string, Partial<Config>]> = {
  NODE_ENV: ['test', { node_env: 'test' }],
  HOST: ['0.0.0.0', { host: '0.0.0.0', public_url: 'http://0.0.0.0:3000', public_origin: 'http://0.0.0.0:3000' }],
  PORT: ['0', { port: 0 }],
  WORKERS: ['auto', { workers: availableParallelism() }],
  PUBLIC_URL: [
    'https://auth.example.org/base/',
    { public_url: 'https://auth.example.org/base', public_origin: 'https://auth.example.org' },
  ],
  DATABASE_URL: ['postgres://u:p@db:5433/x', { database_url: 'postgres://u:p@db:5433/x' }],
  DATABASE_POOL: ['25', { database_pool: 25 }],
  REDIS_URL: ['rediss://u:p@cache:6380/1', { redis_url: 'rediss://u:p@cache:6380/1' }],
  REDIS_HOST: ['cache', { redis_url: 'redis://cache:6379' }],
  REDIS_PORT: ['6380', {}],
  JWT_KEY: [KEY, { jwt_key: KEY }],
  JWT_KEY_PREVIOUS: [KEY, { jwt_key_previous: KEY }],
  JWT_ALG: ['EdDSA', { jwt_alg: 'EdDSA' }],
  ISSUER: ['urn:example:auth', { issuer: 'urn:example:auth' }],
  AUDIENCE: ['shop', { audience: 'shop' }],
  ACCESS_TOKEN_TTL: ['5m', { access_token_ttl: 5 * MINUTE }],
  REFRESH_TOKEN_TTL: ['60d', { refresh_token_ttl: 60 * DAY }],
  SESSION_IDLE_TTL: ['1h', { session_idle_ttl: HOUR }],
  REFRESH_GRACE: ['0', { refresh_grace: 0 }],
  KEY_ROTATION: ['30m', { key_rotation: 30 * MINUTE }],
  CLOCK_TOLERANCE: ['250ms', { clock_tolerance: 250 }],
  PASSWORD_MIN_LENGTH: ['12', { password_min_length: 12 }],
  STEP_UP_AGE: ['5m', { step_up_age: 5 * MINUTE }],
  PASSWORD_POLICY: ['length', { password_policy: 'length' }],
  PASSWORD_FILTER: ['/srv/breached.fuse', { password_filter: '/srv/breached.fuse' }],
  PASSWORD_BREACH_API: [
    'https://breaches.example.org/range/',
    { password_breach_api: 'https://breaches.example.org/range' },
  ],
  PASSWORD_BREACH_TIMEOUT: ['300ms', { password_breach_timeout: 300 }],
  ARGON2_MEMORY: ['65536', { argon2_memory: 65536 }],
  ARGON2_TIME: ['3', { argon2_time: 3 }],
  ARGON2_PARALLELISM: ['4', { argon2_parallelism: 4 }],
  HASH_CONCURRENCY: ['7', { hash_concurrency: 7 }],
  HASH_QUEUE: ['0', { hash_queue: 0 }],
  HASH_WAIT: ['9s', { hash_wait: 9000 }],
  SESSION_CACHE: ['5000', { session_cache: 5000 }],
  UV_THREADPOOL_SIZE: ['9', { uv_threadpool_size: 9 }],
  CORS_ORIGINS: ['https://app.example.org', { cors_origins: ['https://app.example.org'] }],
  TRUST_PROXY: ['2', { trust_proxy: 2 }],
  AUDIT_RETENTION: ['30d', { audit_retention: 2_592_000_000 }],
  AUDIT_CHECKPOINTS: ['/var/log/checkpoints', { audit_checkpoints: '/var/log/checkpoints' }],
  BODY_LIMIT: ['1024', { body_limit: 1024 }],
  RATE_LIMIT: ['off', { rate_limit: 'off' }],
  LOGIN_CHALLENGE: ['off', { login_challenge: 'off' }],
  DOCS: ['off', { docs: 'off' }],
  SERVICE_NAME: [
    'The Shop',
    { service_name: 'The Shop', mail_from: { name: 'The Shop', address: 'latchkey@localhost' } },
  ],
  DEFAULT_LOCALE: ['de-at', { default_locale: 'de-AT' }],
  APP_URL: ['https://app.example.org/account/', { app_url: 'https://app.example.org/account' }],
  SMTP_URL: [
    'smtps://u%40x:p%3Aq@mail.example.org',
    {
      smtp: {
        host: 'mail.example.org',
        port: 465,
        secure: true,
        requireTLS: false,
        auth: { user: 'u@x', pass: 'p:q' },
      },
    },
  ],
  MAIL_FROM: ['The Shop <shop@example.org>', { mail_from: { name: 'The Shop', address: 'shop@example.org' } }],
  MAIL_DIR: ['/var/mail', { mail_dir: '/var/mail' }],
  RATE_LIMITS: [
    ' login=30/10m, read=9/90',
    {
      rate_limits: {
        ...loadConfig({}).rate_limits,
        login: { most: 30, window: 10 * MINUTE },
        read: { most: 9, window: 90_000 },
      },
    },
  ],
  METRICS: ['127.0.0.1:80', { metrics: { host: '127.0.0.1', port: 80 } }],
  OTEL_EXPORTER_OTLP_ENDPOINT: [
    'http://collector:4318/',
    { traces: { url: 'http://collector:4318/v1/traces', service: 'latchkey' } },
  ],
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: [
    'https://collector/mine',
    { traces: { url: 'https://collector/mine', service: 'latchkey' } },
  ],
  OTEL_SERVICE_NAME: ['auth', { traces: undefined }],
  OTEL_SDK_DISABLED: ['true', { traces: undefined }],
  COMPAT: ['flask-auth, flask-jwt-demo', { compat: ['flask-jwt-demo', 'flask-auth'] }],
  COMPAT_HIDE_UNKNOWN: ['on', { compat_hide_unknown: 'on' }],
  LOG_LEVEL: ['trace', { log_level: 'trace' }],
  REQUIRE_VERIFIED_EMAIL: ['on', { require_verified_email: 'on' }],
  EMAIL_CHANGE: ['at-once', { email_change: 'at-once' }],
  SIGN_IN_LINK: ['on', { sign_in_link: 'on' }],
  SIGN_IN_CODE: ['on', { sign_in_code: 'on' }],
  REGISTRATION: ['verify-first', { registration: 'verify-first' }],
  MIGRATE: ['check', { migrate: 'check' }],
}

for (const [name, [value, expected]] of Object.entries(SET)) {
  t.test(`${name} is read`, async (t) => {
    const more = { REDIS_PORT: { REDIS_HOST: 'cache' }, SMTP_URL: { MAIL_FROM: 'a@b.example' } }[name] ?? {}
    const config = loadConfig({ [name]: value, ...more })
    if (name === 'REDIS_PORT') t.equal(config.redis_url, 'redis://cache:6380')
    if (name === 'PUBLIC_URL') t.equal(config.issuer, 'https://auth.example.org/base')
    matchLists(t, config, expected)
  })

  t.test(`an empty ${name} counts as not set`, async (t) => {
    t.strictSame(loadConfig({ [name]: '' }), loadConfig({}))
  })
}

t.test('a duration has a unit, or counts seconds', async (t) => {
  for (const [written, milliseconds] of [
    ['1500ms', 1500],
    ['90s', 90_000],
    ['90', 90_000],
    ['15m', 15 * MINUTE],
    ['12h', 12 * HOUR],
    ['14d', 14 * DAY],
  ] as const) {
    t.equal(loadConfig({ ACCESS_TOKEN_TTL: written }).access_token_ttl, milliseconds, written)
  }
})

t.test('an alias means the variable it stands for, which wins where both are set', async (t) => {
  const samples: Record<string, { sample: string; own: string; expected: Partial<Config>; wins: Partial<Config> }> = {
    SECRET_KEY: { sample: 's'.repeat(32), own: KEY, expected: { jwt_key: 's'.repeat(32) }, wins: { jwt_key: KEY } },
    ENV_JWT_KEY: { sample: 'e'.repeat(32), own: KEY, expected: { jwt_key: 'e'.repeat(32) }, wins: { jwt_key: KEY } },
    ACCESS_TOKEN_EXPIRE_MINUTES: {
      sample: '30',
      own: '5m',
      expected: { access_token_ttl: 30 * MINUTE },
      wins: { access_token_ttl: 5 * MINUTE },
    },
    BACKEND_CORS_ORIGINS: {
      sample: '["http://localhost:5173", "https://app.example.org"]',
      own: 'https://own.example.org',
      expected: { cors_origins: ['http://localhost:5173', 'https://app.example.org'] },
      wins: { cors_origins: ['https://own.example.org'] },
    },
    DATABASE_URI: {
      sample: 'sqlite:///data/x.db',
      own: 'sqlite:own.db',
      expected: { database_url: 'sqlite:data/x.db' },
      wins: { database_url: 'sqlite:own.db' },
    },
  }
  t.strictSame(Object.keys(samples).sort(), Object.keys(ALIASES).sort(), 'every alias has its sample')
  for (const [alias, { sample, own, expected, wins }] of Object.entries(samples)) {
    matchLists(t, loadConfig({ [alias]: sample }), expected, alias)
    const name = String(ALIASES[alias]?.name)
    matchLists(t, loadConfig({ [alias]: sample, [name]: own }), wins, `${name} over ${alias}`)
    matchLists(t, loadConfig({ [alias]: sample, [name]: '' }), expected, `an empty ${name} does not hide ${alias}`)
  }
  t.equal(loadConfig({ DATABASE_URI: 'sqlite:////var/lib/x.db' }).database_url, 'sqlite:/var/lib/x.db', 'four slashes')
  for (const scheme of ['postgresql', 'postgresql+psycopg2'])
    t.equal(loadConfig({ DATABASE_URI: `${scheme}://u:p@db/x` }).database_url, 'postgresql://u:p@db/x', scheme)
})

const INTEGERS = {
  PORT: [0, 65535],
  REDIS_PORT: [1, 65535],
  PASSWORD_MIN_LENGTH: [1, 256],
  ARGON2_MEMORY: [1024, 4194304],
  ARGON2_TIME: [1, 100],
  ARGON2_PARALLELISM: [1, 64],
  HASH_CONCURRENCY: [1, 128],
  HASH_QUEUE: [0, 100000],
  UV_THREADPOOL_SIZE: [1, 1024],
  BODY_LIMIT: [1024, 16777216],
  DATABASE_POOL: [2, 1000],
} as const

for (const [name, [minimum, maximum]] of Object.entries(INTEGERS)) {
  t.test(`${name} must be a whole number within its bounds`, async (t) => {
    for (const value of [
      'x',
      '1.5',
      '-1',
      `${minimum - 1}`,
      `${maximum + 1}`,
      '12 apples',
      'NaN',
      'Infinity',
      '0x50',
      '1e4',
    ]) {
      const sentence = `${name} must be a whole number from ${minimum} to ${maximum} (it is "${value}")`
      t.strictSame(faultsOf({ [name]: value }), [sentence])
    }
  })
}

/** What a variable cannot be, and the sentence that says so. */
const IMPOSSIBLE: Array<[variables: Record<string, string>, fault: string]> = [
  [{ NODE_ENV: 'prod' }, 'NODE_ENV must be one of development, production, test (it is "prod")'],
  [{ JWT_ALG: 'none' }, 'JWT_ALG must be one of ES256, EdDSA, RS256, HS256 (it is "none")'],
  [{ WORKERS: '0' }, 'WORKERS must be a number from 1 to 999, or auto for one per core (it is "0")'],
  [
    { WORKERS: '3', HASH_CONCURRENCY: '2' },
    'WORKERS must not be more than HASH_CONCURRENCY (2), which they share (it is "3")',
  ],
  [
    { WORKERS: '2', HASH_CONCURRENCY: '2', DATABASE_URL: 'sqlite::memory:' },
    'WORKERS must be 1 where the database is in memory (it is "2")',
  ],
  [{ RATE_LIMIT: 'yes' }, 'RATE_LIMIT must be one of on, off (it is "yes")'],
  [
    { RATE_LIMITS: 'logins=3/1m' },
    'RATE_LIMITS must list limits such as login=30/1m; the classes are public, health, refused, read, gateway, write, export, admin, refresh, strength, login, code, register, mail, mail_unproved, mail_strangers, mail_members, mail_notices, mail_recipients, mail_service (it is "logins=3/1m")',
  ],
  [{ RATE_LIMITS: 'login=0/1m' }, 'RATE_LIMITS must allow at least 1 call in at least 1s (it is "login=0/1m")'],
  [{ MIGRATE: 'no' }, 'MIGRATE must be one of auto, check (it is "no")'],
  [
    { COMPAT: 'flask-auth,flask' },
    'COMPAT must be none or a list out of flask-jwt-demo, python-jwt-template, flask-auth (it is "flask-auth,flask")',
  ],
  [{ COMPAT_HIDE_UNKNOWN: 'yes' }, 'COMPAT_HIDE_UNKNOWN must be one of on, off (it is "yes")'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent (it is "loud")'],
  [{ HOST: 'two words' }, 'HOST must be an IP address or a host name (it is "two words")'],
  [{ HOST: 'example.org:80' }, 'HOST must be an IP address or a host name (it is "example.org:80")'],
  [{ REDIS_HOST: 'a/b' }, 'REDIS_HOST must be an IP address or a host name (it is "a/b")'],
  [{ REDIS_PORT: '6380' }, 'REDIS_PORT goes with REDIS_HOST (it is "6380")'],
  [{ OTEL_SDK_DISABLED: 'yes' }, 'OTEL_SDK_DISABLED must be one of true, false (it is "yes")'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'x' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be an http or https URL'],
  [{ PUBLIC_URL: 'example.org' }, 'PUBLIC_URL must be an http or https URL'],
  [{ PUBLIC_URL: 'ftp://example.org' }, 'PUBLIC_URL must be an http or https URL'],
  [{ PUBLIC_URL: 'https://u:p@x.org' }, 'PUBLIC_URL must be a URL without credentials, query or fragment'],
  [{ PUBLIC_URL: 'https://x.org/?a' }, 'PUBLIC_URL must be a URL without credentials, query or fragment'],
  [{ DATABASE_URL: 'mysql://u:p@h/d' }, 'DATABASE_URL must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME'],
  [{ DATABASE_URL: 'sqlite:' }, 'DATABASE_URL must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME'],
  [{ DATABASE_URL: 'sqlite:///x.db' }, 'DATABASE_URL must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME'],
  [
    { DATABASE_URI: 'x.db' },
    'DATABASE_URL (set as DATABASE_URI) must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME',
  ],
  [{ DATABASE_URL: 'postgres://u:p@db' }, 'DATABASE_URL must name a database: postgres://HOST/NAME'],
  [
    { DATABASE_URL: 'postgres://u:p/w@db/x' },
    'DATABASE_URL must be a URL; special characters in the password have to be escaped',
  ],
  [
    { REDIS_URL: 'http://cache' },
    'REDIS_URL must be redis://…, redis+sentinel://… or redis+cluster://…; rediss with TLS',
  ],
  [{ REDIS_URL: 'redis://a b' }, 'REDIS_URL must be a URL; special characters in the password have to be escaped'],
  [
    { REDIS_URL: 'redis+sentinel://:p@ss@one:26379/mymaster' },
    'REDIS_URL must be a URL; special characters in the password have to be escaped',
  ],
  [
    { REDIS_URL: 'redis+sentinel://one:26379,two:26379' },
    'REDIS_URL must name the master after the hosts, and may name a database: …/MASTER/0',
  ],
  [
    { REDIS_URL: 'redis+sentinel://one/mymaster?password=hunter2' },
    'REDIS_URL may have no parameters but sentinel_username and sentinel_password',
  ],
  [{ REDIS_URL: 'redis+sentinel://one,,two/mymaster' }, 'REDIS_URL must list its hosts as HOST:PORT,HOST:PORT'],
  [{ REDIS_URL: 'rediss+cluster://one:0,two:7001' }, 'REDIS_URL must list its hosts as HOST:PORT,HOST:PORT'],
  [
    { REDIS_URL: 'redis+cluster://one:7000/1' },
    'REDIS_URL must end with the hosts: a cluster has one database and no name',
  ],
  [{ JWT_KEY: 'k'.repeat(31) }, 'JWT_KEY must have at least 32 bytes'],
  [{ SECRET_KEY: 'changethis' }, 'JWT_KEY (set as SECRET_KEY) must have at least 32 bytes'],
  [
    { NODE_ENV: 'production' },
    'JWT_KEY is required in production: at least 32 random bytes, for example of `openssl rand -base64 48`',
  ],
  [{ ACCESS_TOKEN_TTL: '999ms' }, 'ACCESS_TOKEN_TTL must be at least 1s (it is "999ms")'],
  [{ STEP_UP_AGE: '9s' }, 'STEP_UP_AGE must be at least 10s (it is "9s")'],
  [{ AUDIT_RETENTION: '400' }, 'AUDIT_RETENTION must be at least 1d (it is "400")'],
  [
    { ACCESS_TOKEN_EXPIRE_MINUTES: 'x' },
    'ACCESS_TOKEN_TTL (set as ACCESS_TOKEN_EXPIRE_MINUTES) must be a duration: ' +
      '10s, 15m, 12h, 30d, or a number of seconds (it is "xm")',
  ],
  [
    { REFRESH_TOKEN_TTL: '5m', SESSION_IDLE_TTL: '1d' },
    'REFRESH_TOKEN_TTL must not be shorter than ACCESS_TOKEN_TTL (it is "5m")',
  ],
  [{ SESSION_IDLE_TTL: '5m' }, 'SESSION_IDLE_TTL must not be shorter than ACCESS_TOKEN_TTL (it is "5m")'],
  [{ KEY_ROTATION: '29m' }, 'KEY_ROTATION must be at least twice ACCESS_TOKEN_TTL (it is "29m")'],
  [{ REFRESH_GRACE: '36501d' }, 'REFRESH_GRACE must be at most 36500d (it is "36501d")'],
  [{ CORS_ORIGINS: '*' }, 'CORS_ORIGINS must list origins such as https://app.example.org, without a path (it is "*")'],
  [
    { CORS_ORIGINS: 'https://app.example.org/' },
    'CORS_ORIGINS must list origins such as https://app.example.org, without a path (it is "https://app.example.org/")',
  ],
  [
    { BACKEND_CORS_ORIGINS: '["https://app.example.org"' },
    'CORS_ORIGINS (set as BACKEND_CORS_ORIGINS) must list origins such as https://app.example.org, ' +
      'without a path (it is "["https://app.example.org"")',
  ],
  [
    { CORS_ORIGINS: '[1]' },
    'CORS_ORIGINS must list origins such as https://app.example.org, without a path (it is "[1]")',
  ],
  ...['everyone', '10.0.0.0/33', '::1/129', '10.0.0.0/', '10.0.0.0/8/8', '100'].map(
    (value): [Record<string, string>, string] => [
      { TRUST_PROXY: value },
      `TRUST_PROXY must be a number of hops or a list of addresses and networks (it is "${value}")`,
    ],
  ),
  ...[
    'on',
    '9090',
    ':9090',
    'localhost',
    'localhost:0',
    'localhost:65536',
    'localhost:1x',
    'u:p@localhost:1',
    '::1:9090',
  ].map((value): [Record<string, string>, string] => [{ METRICS: value }, 'METRICS must be HOST:PORT or token:SECRET']),
  ...['token:', 'token:fifteen-letters', 'token:a token with spaces in it', `token:${'ä'.repeat(16)}`].map(
    (value): [Record<string, string>, string] => [
      { METRICS: value },
      'METRICS must hold a token of at least 16 ASCII characters without spaces',
    ],
  ),
]

t.test('an impossible value is one clear line', async (t) => {
  for (const [variables, fault] of IMPOSSIBLE) {
    t.strictSame(faultsOf(variables), [fault], JSON.stringify(variables))
  }
})

t.test('no duration is anything but digits and a unit', async (t) => {
  const names = Object.entries(Environment.properties).filter(([, { unit }]) => String(unit).startsWith('a duration'))
  t.ok(names.length >= 9)
  for (const [name] of names) {
    for (const value of ['soon', '-5m', '1.5h', '5 m', '5M', '5w', 'm', '1h30m', '9999999999']) {
      t.match(faultsOf({ [name]: value })[0], `${name} must be a duration: 10s, 15m,`, `${name}=${value}`)
    }
  }
})

t.test(
  'many faults are many lines, whichever check finds them, and one fault has no others for consequence',
  async (t) => {
    const faults = faultsOf({
      NODE_ENV: 'production',
      PORT: 'abc',
      ACCESS_TOKEN_TTL: 'long',
      REFRESH_TOKEN_TTL: '1s',
      SECRET_KEY: 'short',
      CORS_ORIGINS: '*',
      TRUST_PROXY: 'all',
      METRICS: 'yes',
    })
    t.strictSame(
      faults.map((fault) => fault.split(' ', 1)[0]),
      ['PORT', 'ACCESS_TOKEN_TTL', 'JWT_KEY', 'CORS_ORIGINS', 'TRUST_PROXY', 'METRICS'],
    )
    for (const fault of faults) t.notMatch(fault, '\n')
  },
)

t.test('no sentence shows what may be a secret', async (t) => {
  const secret = 'hunter2'
  const faults = faultsOf({
    JWT_KEY: secret,
    METRICS: `token:${secret}`,
    REDIS_URL: `redis//:${secret}@cache`,
    DATABASE_URL: `postgres://u:${secret}@db`,
    PUBLIC_URL: `https://u:${secret}@example.org`,
  })
  t.equal(faults.length, 5)
  t.notMatch(faults.join('\n'), secret)
  const error = new ConfigError(faults)
  t.notMatch(`${error.stack}`, secret)
})

t.test('JWT_KEY is measured in bytes, not in characters', async (t) => {
  t.equal(loadConfig({ JWT_KEY: 'ключ-ключ-ключ-ключ' }).jwt_key, 'ключ-ключ-ключ-ключ', '19 characters, 35 bytes')
  t.strictSame(faultsOf({ JWT_KEY: 'ключ'.repeat(3) }), ['JWT_KEY must have at least 32 bytes'], '24 bytes')
})

t.test('production starts with a JWT_KEY of any name', async (t) => {
  for (const name of ['JWT_KEY', 'SECRET_KEY', 'ENV_JWT_KEY']) {
    t.equal(loadConfig({ NODE_ENV: 'production', [name]: KEY }).jwt_key, KEY)
  }
})

t.test('Redis is named by one URL, or by host and port', async (t) => {
  t.equal(loadConfig({ REDIS_HOST: '::1', REDIS_PORT: '7000' }).redis_url, 'redis://[::1]:7000')
  t.equal(loadConfig({ REDIS_HOST: 'cache', REDIS_URL: 'redis://other' }).redis_url, 'redis://other', 'the URL wins')
})

t.test('origins are a list with commas or in JSON', async (t) => {
  const two = ['https://a.example.org', 'http://localhost:8080']
  t.strictSame(loadConfig({ CORS_ORIGINS: 'https://a.example.org, http://localhost:8080' }).cors_origins, two)
  t.strictSame(loadConfig({ CORS_ORIGINS: JSON.stringify(two) }).cors_origins, two)
  t.strictSame(loadConfig({ CORS_ORIGINS: '[]' }).cors_origins, [])
})

t.test('proxies are a number of hops or a list of networks', async (t) => {
  t.equal(loadConfig({ TRUST_PROXY: '0' }).trust_proxy, 0)
  const networks = ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::1']
  t.strictSame(loadConfig({ TRUST_PROXY: networks.join(', ') }).trust_proxy, networks)
})

t.test('a server for messages speaks TLS, unless the URL or its place says otherwise', async (t) => {
  const smtpOf = (SMTP_URL: string) => loadConfig({ SMTP_URL, MAIL_FROM: 'a@b.example' }).smtp
  const needs = (url: string) => smtpOf(url)?.secure || smtpOf(url)?.requireTLS
  t.match(smtpOf('smtp://mail.example.org'), { port: 587, secure: false, requireTLS: true, auth: undefined })
  for (const url of ['smtps://127.0.0.1', 'smtp://10.0.0.1', 'smtp://localhost.example.org']) t.ok(needs(url), url)
  for (const url of ['smtp://localhost:25', 'smtp://127.0.0.1', 'smtp://[::1]:25', 'smtp://mail:25?tls=optional'])
    t.notOk(needs(url), url)
  t.equal(smtpOf('smtp://[::1]:25')?.host, '::1')
  for (const url of ['smtp://mail/path', 'smtp://mail?pool=true', 'smtp://mail#x', 'http://mail', 'smtp://u:secret@'])
    t.match(faultsOf({ SMTP_URL: url, MAIL_FROM: 'a@b.example' }).join(), /^SMTP_URL (?!.*secret)/, url)
  t.strictSame(faultsOf({ SMTP_URL: 'smtp://mail' }), ['MAIL_FROM is required with SMTP_URL'])
})

t.test('the sender of messages is one address, with a name or without', async (t) => {
  const from = (MAIL_FROM: string) => loadConfig({ MAIL_FROM }).mail_from
  t.strictSame(from('a@b.example'), { name: 'Latchkey', address: 'a@b.example' })
  t.strictSame(from('"Tom, Dick & Co." <a@b.example>'), { name: 'Tom, Dick & Co.', address: 'a@b.example' })
  for (const wrong of ['nobody', 'a@b.example, c@d.example', 'A <a@b.example> B', 'a@b@c', 'x\r\nBcc: y <a@b.example>'])
    t.equal(faultsOf({ MAIL_FROM: wrong }).length, 1, JSON.stringify(wrong))
})

t.test('metrics are off, on an address of their own, or behind a token', async (t) => {
  const metrics = (value: string) => loadConfig({ METRICS: value }).metrics
  t.strictSame(metrics('localhost:9100'), { host: 'localhost', port: 9100 })
  t.strictSame(metrics('[::1]:9100'), { host: '::1', port: 9100 })
  t.strictSame(metrics('token:sixteen-letters!'), { token: 'sixteen-letters!' })
})

t.test('the configuration cannot be changed', async (t) => {
  const config = loadConfig({})
  t.throws(() => Object.assign(config, { port: 1 }), TypeError)
})

/** What a process in a folder of its own reads, as `.env` and environment together. */
function readIn(t: Test, dotenv: string | undefined, environment: Record<string, string>) {
  const cwd = mkdtempSync(join(tmpdir(), 'latchkey-env-'))
  t.teardown(() => rmSync(cwd, { recursive: true, force: true }))
  if (dotenv !== undefined) writeFileSync(join(cwd, '.env'), dotenv)
  const config = JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../src/config.ts')).href)
  const script = `import { loadConfig } from ${config}; console.log(JSON.stringify(loadConfig()))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd, env: environment })
  return JSON.parse(stdout.toString()) as Partial<Config>
}

t.test('.env of the working directory is read, and the environment wins over it', async (t) => {
  const dotenv = `# a comment\nPORT=4000\nAUDIENCE="from the file"\nexport LOG_LEVEL=debug\nHASH_QUEUE=\n`
  const config = readIn(t, dotenv, { PORT: '5000' })
  t.match(config, { port: 5000, audience: 'from the file', log_level: 'debug', hash_queue: 256 })
})

t.test('an empty variable takes back what .env sets', async (t) => {
  t.equal(readIn(t, 'REDIS_URL=redis://cache\n', { REDIS_URL: '' }).redis_url, undefined)
})

t.test('without .env the environment is all there is', async (t) => {
  t.match(readIn(t, undefined, { PORT: '5000' }), { port: 5000, audience: 'latchkey' })
})
