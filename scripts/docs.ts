/** `npm run docs`: writes what the documents say of the configuration out of its schema. */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { ALIASES, Environment } from '../src/environment.ts'

const README = new URL('../README.md', import.meta.url)
const EXAMPLE = new URL('../.env.example', import.meta.url)

/** The part of the README between these two lines is written here. */
const BEGIN = '<!-- configuration: written by `npm run docs` out of src/environment.ts -->'
const END = '<!-- /configuration -->'

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
  name: string
  /** undefined: none */
  byDefault: string | undefined
  /** how the default is worded where it is not a value */
  inWords: string | undefined
  /** unit or form, in Markdown */
  unit: string
  meaning: string
}

/** Every variable in the order of the schema. */
export function variables(): Variable[] {
  return Object.entries(Environment.properties).map(([name, schema]) => ({
    name,
    byDefault: schema['default'] === undefined ? undefined : String(schema['default']),
    inWords: PER_MACHINE[name],
    unit: String(schema['unit'] ?? ''),
    meaning: String(schema['description']),
  }))
}

/** The README's tables: variables, then aliases. */
export function configurationTables(): string {
  const rows = variables().map(({ name, byDefault, inWords, unit, meaning }) => {
    const shown = inWords ?? (byDefault === undefined ? 'none' : `\`${byDefault}\``)
    return `| \`${name}\` | ${shown} | ${unit.replace(/^a duration: .*/, 'duration')} | ${meaning} |`
  })
  const aliases = Object.entries(ALIASES).map(([alias, { name, convert }]) => {
    const sample = CONVERTED[alias] ?? ''
    return `| \`${alias}\` | \`${name}\`${convert ? `; \`${sample}\` is read as \`${convert(sample)}\`` : ''} |`
  })
  return [
    '| Variable | Default | Unit or form | Meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    'Names that other services use for the same things are read too; where both are set, the name above wins.',
    '',
    '| Alias | Read as |',
    '|---|---|',
    ...aliases,
  ].join('\n')
}

/** The README with its tables as they have to be. */
export function withTables(readme: string): string {
  const [before, rest] = readme.split(BEGIN)
  const after = rest?.split(END)[1]
  if (after === undefined) throw new Error('README.md lacks the two lines that hold the configuration')
  return `${before}${BEGIN}\n\n${configurationTables()}\n\n${END}${after}`
}

/** `.env.example`: every variable with its default, all commented out. */
export function environmentExample(): string {
  const entries = variables().map(({ name, byDefault, inWords, unit, meaning }) => {
    const form = unit.replaceAll('\\|', '|')
    const comment = [meaning, form, inWords && `default: ${inWords}`].filter(Boolean).join('; ')
    return `# ${comment.replaceAll('`', '')}\n#${name}=${inWords ? '' : (byDefault ?? '')}\n`
  })
  return [
    '# Copy this file to .env and remove the # before what you set. What the environment sets wins over .env.',
    '# Written by `npm run docs` out of src/environment.ts. An empty value counts as not set.\n',
    ...entries,
  ].join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(README, withTables(readFileSync(README, 'utf8')))
  writeFileSync(EXAMPLE, environmentExample())
}
