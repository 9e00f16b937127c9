/** The environment as one schema: the only reader of `process.env`. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseEnv } from 'node:util'
import { Ajv } from 'ajv'
import {
  ALIASES,
  type Duration,
  type Environment,
  isDuration,
  NAMES,
  type Name,
  SECRET,
  schemaOf,
} from './environment.ts'
import { isMailOn } from './mail/mailer.ts'
import { ConfigError, Faults, type Variables } from './operation/faults.ts'
import {
  authority,
  baseUrl,
  type Dialect,
  databaseUrl,
  dialects,
  hostName,
  localeTag,
  type MailFrom,
  type MetricsAccess,
  mailFrom,
  masterKey,
  metricsAccess,
  milliseconds,
  origins,
  proxies,
  redisUrl,
  type SmtpServer,
  smtpServer,
} from './operation/values.ts'
import { type Limits, limitsOf } from './throttling/classes.ts'

export { ConfigError }

/** What more has to be said of than the schema does, or what goes into another member. */
const READ_APART = [
  'APP_URL',
  'COMPAT',
  'CORS_ORIGINS',
  'DATABASE_URL',
  'DEFAULT_LOCALE',
  'ISSUER',
  'JWT_KEY',
  'JWT_KEY_PREVIOUS',
  'MAIL_FROM',
  'METRICS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_SDK_DISABLED',
  'OTEL_SERVICE_NAME',
  'PASSWORD_BREACH_API',
  'PUBLIC_URL',
  'RATE_LIMITS',
  'REDIS_HOST',
  'REDIS_PORT',
  'REDIS_URL',
  'SMTP_URL',
  'TRUST_PROXY',
  'UV_THREADPOOL_SIZE',
  'WORKERS',
] as const satisfies readonly Name[]
type PlainName = Exclude<Name, (typeof READ_APART)[number]>

/** A variable that is taken as the schema types it; a duration, in milliseconds. */
type Plain = { [K in PlainName as Lowercase<K>]: Environment[K] extends Duration ? number : Environment[K] }

/** The validated configuration: names in lower case, durations in milliseconds, lists as arrays. */
export type Config = Readonly<
  Plain & {
    database_url: string
    redis_url: string | undefined
    jwt_key: string | undefined
    jwt_key_previous: string | undefined
    public_url: string
    /** of that; what a browser says that it is on */
    public_origin: string
    issuer: string
    /** without a slash at the end */
    password_breach_api: string | undefined
    cors_origins: readonly string[]
    trust_proxy: number | readonly string[] | undefined
    metrics: MetricsAccess | undefined
    compat: readonly Dialect[]
    uv_threadpool_size: number
    /** where traces go, and as whose; undefined: there are none */
    traces: { url: string; service: string } | undefined
    workers: number
    app_url: string | undefined
    default_locale: string
    smtp: SmtpServer | undefined
    mail_from: MailFrom
    rate_limits: Limits
  }
>

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

/** The variables as their schema types them; those that do not fit are reported, and like those that are not set have their defaults. */
function validate(variables: Variables, faults: Faults): Environment {
  const ajv = createAjv()
  const members = NAMES.map((name) => {
    const value = variables.get(name)?.value
    const typed = value === undefined ? undefined : typedValue(ajv, name, value)
    if (value !== undefined && typed === undefined) faults.add(name, requirementOf(name))
    return [name, typed ?? schemaOf(name)['default']]
  })
  return Object.fromEntries(members) as Environment
}

/** One by one, since compiling the schema of all variables takes longer than all else that is done with them. */
function typedValue(ajv: Ajv, name: Name, value: string): unknown {
  // Ajv takes `Infinity`, `0x50` and `1e3` for whole numbers
  if (schemaOf(name)['type'] === 'integer' && /\D/.test(value)) return undefined
  const member: { value: unknown } = { value }
  const fits = ajv.validate({ type: 'object', properties: { value: schemaOf(name) } }, member)
  return fits ? member.value : undefined
}

function createAjv(): Ajv {
  return new Ajv({ coerceTypes: true, keywords: ['unit'], validateSchema: false })
}

/** What a variable must be, in words, from its schema. */
function requirementOf(name: string): string {
  const { enum: values, minimum, maximum, unit } = schemaOf(name)
  if (values) return `must be one of ${values.join(', ')}`
  if (minimum !== undefined) return `must be a whole number from ${minimum} to ${maximum}`
  return `must be ${unit.replaceAll('`', '')}`
}

/** Reads a variable that fits its schema; a fault is reported and yields nothing. */
type Read = <T>(name: Name, reader: (value: string) => T) => T | undefined

/** Turns variables that fit their schemas into the configuration, and checks what no schema can say. */
function interpret(env: Environment, faults: Faults): Config {
  const read: Read = (name, reader) => {
    const value = env[name]
    if (value === undefined || faults.has(name)) return undefined
    try {
      return reader(String(value))
    } catch (error) {
      faults.add(name, (error as Error).message)
      return undefined
    }
  }
  read('HOST', hostName)
  const publicUrl = read('PUBLIC_URL', baseUrl)
  const public_url = publicUrl ?? `http://${authority(env.HOST, env.PORT)}`
  const redis_host = read('REDIS_HOST', hostName)
  const config: Config = Object.freeze({
    ...plainOf(env, read),
    workers: env.WORKERS === 'auto' ? availableParallelism() : Number(env.WORKERS),
    public_url,
    // an impossible HOST is one of the faults that are told together
    public_origin: URL.canParse(public_url) ? new URL(public_url).origin : '',
    database_url: read('DATABASE_URL', databaseUrl) ?? env.DATABASE_URL,
    redis_url:
      read('REDIS_URL', redisUrl) ?? (redis_host && `redis://${authority(redis_host, env.REDIS_PORT ?? 6379)}`),
    jwt_key: read('JWT_KEY', masterKey),
    jwt_key_previous: read('JWT_KEY_PREVIOUS', masterKey),
    // not the default URL: it holds the port, and two processes on one database must believe each other's tokens
    issuer: env.ISSUER ?? publicUrl ?? 'latchkey',
    uv_threadpool_size: env.UV_THREADPOOL_SIZE ?? env.HASH_CONCURRENCY,
    password_breach_api: read('PASSWORD_BREACH_API', baseUrl),
    cors_origins: read('CORS_ORIGINS', origins) ?? [],
    trust_proxy: read('TRUST_PROXY', proxies),
    metrics: read('METRICS', metricsAccess),
    traces: env.OTEL_SDK_DISABLED === 'true' ? undefined : tracesOf(env, read),
    compat: read('COMPAT', dialects) ?? [],
    app_url: read('APP_URL', baseUrl),
    default_locale: read('DEFAULT_LOCALE', localeTag) ?? 'en',
    smtp: read('SMTP_URL', smtpServer),
    mail_from: { name: env.SERVICE_NAME, address: 'latchkey@localhost', ...read('MAIL_FROM', mailFrom) },
    rate_limits: read('RATE_LIMITS', limitsOf) ?? limitsOf(),
  })
  checkTogether(config, env, faults)
  return config
}

function plainOf(env: Environment, read: Read): Plain {
  const apart: readonly Name[] = READ_APART
  const members = NAMES.filter((name) => !apart.includes(name)).map((name) => [
    name.toLowerCase(),
    isDuration(name) ? (read(name, milliseconds) ?? 0) : env[name],
  ])
  return Object.fromEntries(members) as Plain
}

/** By the rules of OpenTelemetry's own variables: one URL for everything has a path for traces, one for traces is used as it is. */
function tracesOf({ OTEL_SERVICE_NAME: service }: Environment, read: Read): Config['traces'] {
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
    config.node_env !== 'production' || config.jwt_key === undefined || isVaried(config.jwt_key),
    'JWT_KEY',
    'must be random: it consists of too few different characters',
  )
  check(
    config.jwt_key_previous === undefined || config.jwt_key_previous !== config.jwt_key,
    'JWT_KEY_PREVIOUS',
    'must be another one than JWT_KEY',
    'JWT_KEY',
  )
  check(
    env.REDIS_PORT === undefined || !!config.redis_url,
    'REDIS_PORT',
    'goes with REDIS_HOST',
    'REDIS_HOST',
    'REDIS_URL',
  )
  check(!env.SMTP_URL || !!env.MAIL_FROM, 'MAIL_FROM', 'is required with SMTP_URL', 'SMTP_URL')
  const needsMail = {
    REQUIRE_VERIFIED_EMAIL: config.require_verified_email === 'on',
    SIGN_IN_LINK: config.sign_in_link === 'on',
    SIGN_IN_CODE: config.sign_in_code === 'on',
    REGISTRATION: config.registration === 'verify-first' || config.registration === 'invite',
  }
  for (const [name, isOn] of Object.entries(needsMail))
    check(!isOn || isMailOn({ config }), name as Name, 'needs mail, which production has with SMTP_URL', 'SMTP_URL')
  const inMemory = config.database_url === 'sqlite::memory:'
  check(config.workers === 1 || !inMemory, 'WORKERS', 'must be 1 where the database is in memory', 'DATABASE_URL')
  check(
    config.workers <= config.hash_concurrency,
    'WORKERS',
    `must not be more than HASH_CONCURRENCY (${config.hash_concurrency}), which they share`,
    'HASH_CONCURRENCY',
  )
  check(config.step_up_age >= 10_000, 'STEP_UP_AGE', 'must be at least 10s')
  // `400` is seconds, and the log would be gone for good
  check(config.audit_retention >= 86_400_000, 'AUDIT_RETENTION', 'must be at least 1d')
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

/** Random keys of the least length have far more different characters than these, in whatever digits they are written. */
const VARIED = 8

const isVaried = (key: string) => new Set(key).size >= VARIED
