/** `npm run docs`: writes `docs/configuration.md` and `.env.example` from the schema of the configuration, and what `docs/clients.md` shows of clients. */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { TSchema } from '@sinclair/typebox'
import { ALIASES, Environment, NAMES, type Name } from '../src/environment.ts'
import { withSections } from './clients/page.ts'

const PAGE = new URL('../docs/configuration.md', import.meta.url)
const EXAMPLE = new URL('../.env.example', import.meta.url)
const CLIENTS = new URL('../docs/clients.md', import.meta.url)

/** The variables by what one wants to do. Every variable is in exactly one group. */
const GROUPS: Readonly<Record<string, readonly Name[]>> = {
  'Start and reach the service': [
    'NODE_ENV',
    'HOST',
    'PORT',
    'PUBLIC_URL',
    'WORKERS',
    'TRUST_PROXY',
    'CORS_ORIGINS',
    'BODY_LIMIT',
    'DOCS',
  ],
  'Choose where data is kept': [
    'DATABASE_URL',
    'DATABASE_POOL',
    'MIGRATE',
    'REDIS_URL',
    'REDIS_HOST',
    'REDIS_PORT',
    'SESSION_CACHE',
  ],
  'Protect secrets and sign tokens': [
    'JWT_KEY',
    'JWT_KEY_PREVIOUS',
    'JWT_ALG',
    'ISSUER',
    'AUDIENCE',
    'ACCESS_TOKEN_TTL',
    'KEY_ROTATION',
    'CLOCK_TOLERANCE',
  ],
  'Set how long sessions last': ['REFRESH_TOKEN_TTL', 'SESSION_IDLE_TTL', 'REFRESH_GRACE', 'STEP_UP_AGE'],
  'Decide who can register and sign in': [
    'REGISTRATION',
    'REQUIRE_VERIFIED_EMAIL',
    'SIGN_IN_LINK',
    'SIGN_IN_CODE',
    'EMAIL_CHANGE',
  ],
  'Set the rules for passwords': [
    'PASSWORD_MIN_LENGTH',
    'PASSWORD_POLICY',
    'PASSWORD_FILTER',
    'PASSWORD_BREACH_API',
    'PASSWORD_BREACH_TIMEOUT',
  ],
  'Tune password hashing': [
    'ARGON2_MEMORY',
    'ARGON2_TIME',
    'ARGON2_PARALLELISM',
    'HASH_CONCURRENCY',
    'UV_THREADPOOL_SIZE',
    'HASH_QUEUE',
    'HASH_WAIT',
  ],
  'Send mail': ['SMTP_URL', 'MAIL_FROM', 'MAIL_DIR', 'SERVICE_NAME', 'DEFAULT_LOCALE', 'APP_URL'],
  'Limit callers': ['RATE_LIMIT', 'RATE_LIMITS', 'LOGIN_CHALLENGE'],
  'Watch the service': [
    'LOG_LEVEL',
    'METRICS',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'OTEL_SERVICE_NAME',
    'OTEL_SDK_DISABLED',
    'AUDIT_RETENTION',
    'AUDIT_CHECKPOINTS',
  ],
  'Serve clients of other services': ['COMPAT', 'COMPAT_HIDE_UNKNOWN'],
}

/** Defaults that depend on the machine, in words. */
const PER_MACHINE: Readonly<Record<string, string>> = {
  HASH_CONCURRENCY: 'one per core',
  UV_THREADPOOL_SIZE: 'one per core',
}

/** A value of each alias that is converted, to show how. */
const CONVERTED: Readonly<Record<string, string>> = {
  ACCESS_TOKEN_EXPIRE_MINUTES: '30',
  DATABASE_URI: 'sqlite:///data/latchkey.db',
}

interface Variable {
  name: Name
  /** heading under which it stands */
  group: string
  /** undefined: none */
  byDefault: string | undefined
  /** how the default is worded where it is not a value */
  inWords: string | undefined
  /** unit or form, in Markdown */
  unit: string
  meaning: string
}

/**
 * Every variable, group by group.
 * @throws Error where a variable is in no group, or in two
 */
export function variables(): Variable[] {
  const grouped = Object.entries(GROUPS).flatMap(([group, names]) => names.map((name) => ({ group, name })))
  const left = new Set(NAMES)
  for (const { name } of grouped) if (!left.delete(name)) throw new Error(`${name} is in two groups`)
  if (left.size > 0) throw new Error(`${[...left].join(', ')}: in no group of scripts/docs.ts`)
  return grouped.map(({ group, name }) => {
    const schema = Environment.properties[name] as TSchema
    return {
      name,
      group,
      byDefault: schema['default'] === undefined ? undefined : String(schema['default']),
      inWords: PER_MACHINE[name],
      unit: String(schema['unit'] ?? ''),
      meaning: String(schema['description']),
    }
  })
}

function table(rows: readonly Variable[]): string[] {
  return [
    '| Variable | Default | Unit or form | Meaning |',
    '|---|---|---|---|',
    ...rows.map(({ name, byDefault, inWords, unit, meaning }) => {
      const shown = inWords ?? (byDefault === undefined ? 'none' : `\`${byDefault}\``)
      return `| \`${name}\` | ${shown} | ${unit.replace(/^a duration: .*/, 'duration')} | ${meaning} |`
    }),
  ]
}

/** `docs/configuration.md`. */
export function configurationPage(): string {
  const groups = Map.groupBy(variables(), ({ group }) => group)
  const aliases = Object.entries(ALIASES).map(([alias, { name, convert }]) => {
    const sample = CONVERTED[alias] ?? ''
    return `| \`${alias}\` | \`${name}\`${convert ? `; \`${sample}\` is read as \`${convert(sample)}\`` : ''} |`
  })
  return [
    '# Configuration',
    '',
    '<!-- written by `npm run docs` from src/environment.ts -->',
    '',
    'Latchkey reads variables from the environment and from `.env` in the working directory',
    '([`.env.example`](../.env.example)); the environment wins. An impossible value stops the start with one line that',
    'names the variable. A duration is written `10s`, `15m`, `12h`, `30d`, or as a number of seconds.',
    '',
    'In production set `NODE_ENV=production` and `JWT_KEY`. Everything else has a default.',
    '',
    ...[...groups].flatMap(([group, rows]) => [`## ${group}`, '', ...table(rows), '']),
    '## Names of other services',
    '',
    'These names are read too. Where both are set, the name above wins.',
    '',
    '| Alias | Read as |',
    '|---|---|',
    ...aliases,
    '',
  ].join('\n')
}

function exampleOf({ name, byDefault, inWords, unit, meaning }: Variable): string {
  const form = unit.replaceAll('\\|', '|')
  const comment = [meaning, form, inWords && `default: ${inWords}`].filter(Boolean).join('; ')
  return `# ${comment.replaceAll('`', '')}\n#${name}=${inWords ? '' : (byDefault ?? '')}\n`
}

/** `.env.example`: every variable with its default, all commented out. */
export function environmentExample(): string {
  const groups = Map.groupBy(variables(), ({ group }) => group)
  const entries = [...groups].flatMap(([group, rows]) => [`# ${group}\n`, ...rows.map(exampleOf)])
  return [
    '# Copy this file to .env and remove the # before what you set. What the environment sets wins over .env.',
    '# Written by `npm run docs` from src/environment.ts. An empty value counts as not set.\n',
    ...entries,
  ].join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(PAGE, configurationPage())
  writeFileSync(EXAMPLE, environmentExample())
  writeFileSync(CLIENTS, withSections(readFileSync(CLIENTS, 'utf8')))
}
