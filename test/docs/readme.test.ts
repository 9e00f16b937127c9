import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { configurationPage, environmentExample, variables } from '../../scripts/docs.ts'
import { loadConfig } from '../../src/config.ts'
import { NAMES } from '../../src/environment.ts'
import { CHEAP_HASH, startApp, testEnvironment } from '../support/app.ts'
import { startService } from '../support/service.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const README = read('README.md')
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`),
]

/** A fenced block of a document. */
interface Block {
  language: string
  text: string
}

/** The fenced blocks under one heading, in order. */
function blocksOf(document: string, heading: string): Block[] {
  const section = document.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }))
}

t.test('the README sets up with two commands and no more', async (t) => {
  const commands = blocksOf(README, 'Set-up').map(({ text }) => text)
  t.strictSame(commands, ['npm ci && npm start\n', 'npm ci && npm test\n'])
})

t.test(
  'the page of the configuration names exactly the variables that the service reads, with their defaults',
  async (t) => {
    const page = read('docs/configuration.md')
    t.equal(page, configurationPage(), '`npm run docs` writes the page anew')
    const rows = [...page.matchAll(/^\| `([A-Z0-9_]+)` \| (.+?) \| .*? \| .+ \|$/gm)]
    t.strictSame(
      rows.map(([, name, byDefault]) => [name, byDefault]),
      variables().map(({ name, byDefault, inWords }) => [name, inWords ?? (byDefault ? `\`${byDefault}\`` : 'none')]),
    )
    t.strictSame(rows.map(([, name]) => name).sort(), [...NAMES].sort())
  },
)

t.test('.env.example names exactly the variables that the service reads, with their defaults', async (t) => {
  const example = read('.env.example')
  t.equal(example, environmentExample(), '`npm run docs` writes the file anew')
  const lines = example.split('\n').filter((line) => /^#?[A-Z]/.test(line))
  t.strictSame(
    lines,
    variables().map(({ name, byDefault, inWords }) => `#${name}=${inWords ? '' : (byDefault ?? '')}`),
  )
  const uncommented = lines.map((line) => line.slice(1).split(/=(.*)/s).slice(0, 2))
  t.strictSame(loadConfig(Object.fromEntries(uncommented)), loadConfig({}), 'what it shows is what holds without it')
})

/** Printed after each answer. */
const SEPARATOR = '=====\n'

/** Answers that stand in the README right after the commands that give them, and the commands in order. */
function conversation(): { script: string; expected: string[] } {
  const expected: string[] = []
  const steps: string[] = []
  for (const { language, text } of blocksOf(README, 'First calls')) {
    if (language === 'sh') steps.push(text)
    else {
      expected.push(text.trim())
      steps.push(`printf '${SEPARATOR}'`)
    }
  }
  return { script: steps.join('\n'), expected }
}

/** Runs to the end and returns what was printed; rejects with what was complained if it fails. */
function run(command: string, args: string[], environment: Record<string, string> = {}, input = ''): Promise<string> {
  const env = { PATH: process.env['PATH'], ...environment }
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { env }, (error, stdout, stderr) =>
      error ? reject(new Error(`${error.message}\n${stderr}`)) : resolve(stdout),
    )
    child.stdin?.end(input)
  })
}

const latchkey = (args: readonly string[], environment?: Record<string, string>, input?: string) =>
  run(process.execPath, [join(ROOT, 'src/cli.ts'), ...args], environment, input)

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const REQUEST_ID = /^[\w-]{16}\.[0-9a-z]+$/
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** A value with what differs from run to run taken out; `like` is the README's, which may be shortened. */
function shapeOf(value: unknown, like: unknown): unknown {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const model = (like ?? {}) as Record<string, unknown>
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member, model[name])]))
  }
  if (typeof value !== 'string') return value
  if (UUID.test(value)) return 'a UUID'
  if (REQUEST_ID.test(value)) return 'a request id'
  if (TIMESTAMP.test(value)) return 'a timestamp'
  const [start, rest] = typeof like === 'string' ? like.split('…') : []
  return start !== undefined && rest === '' && value.startsWith(start) ? `${start}…` : value
}

/** `{…} 201` as body and status. */
function toAnswer(line: string): { body: unknown; status: number } {
  const [, body = '', status] = /^(.*) (\d{3})$/s.exec(line) ?? []
  return { body: JSON.parse(body), status: Number(status) }
}

t.test('the README’s first calls give the README’s answers, and its commands make admins', async (t) => {
  const { DATABASE_URL = '' } = testEnvironment(t)
  const environment = { DATABASE_URL, ...CHEAP_HASH }
  const { api } = await startService(t, environment)
  const { script, expected } = conversation()
  t.match(script, 'http://127.0.0.1:3000/api/v1\n', 'the README uses the default port')
  const output = await run('bash', ['-euo', 'pipefail', '-c', script.replaceAll('http://127.0.0.1:3000/api/v1', api)])
  const answers = output
    .split(SEPARATOR)
    .map((answer) => answer.trim())
    .filter((answer) => answer !== '')
  t.strictSame(
    expected.map((line) => toAnswer(line).status),
    [201, 200, 200, 200],
    'register, me, refresh, logout',
  )
  t.equal(answers.length, expected.length)
  for (const [index, line] of expected.entries()) {
    const model = toAnswer(line)
    const real = toAnswer(answers[index] ?? '')
    t.equal(real.status, model.status, line)
    t.strictSame(shapeOf(real.body, model.body), shapeOf(model.body, model.body))
  }

  const commands = [...README.matchAll(/`npm run latchkey -- (admin .+?)`/g)].map(([, args = '']) => args)
  t.equal(commands.length, 2, 'create and promote')
  for (const args of commands) {
    t.match(await latchkey(args.split(' '), environment, 'a password for an admin\n'), /administrator/, args)
  }
})

t.test('every command of the command line that the documents show exists, with its options', async (t) => {
  const shown = new Map<string, Set<string>>()
  for (const path of DOCUMENTS) {
    for (const [, line = ''] of read(path).matchAll(/(?:npm run latchkey --|src\/cli\.ts) ([a-z][^`\n|#]*)/g)) {
      // what follows these is a file
      const [command = ''] = /^(import|export|[a-z]+( [a-z]+)?)/.exec(line) ?? []
      const options = line.match(/--[a-z-]+/g) ?? []
      shown.set(command, new Set([...(shown.get(command) ?? []), ...options]))
    }
  }
  t.ok(shown.get('keys rotate')?.has('--now'))
  await Promise.all(
    [...shown].map(async ([command, options]) => {
      const help = await latchkey([...command.split(' '), '--help'])
      t.match(help, `Usage: latchkey ${command} `, command)
      for (const option of options) t.match(help, ` ${option} `, `${command} ${option}`)
    }),
  )
})

t.test('the metrics that the documents name are those of the service', async (t) => {
  const token = 'a-token-of-enough-characters'
  const app = await startApp(t, { METRICS: `token:${token}` })
  const { body } = await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${token}` } })
  const ours = [...body.matchAll(/^# TYPE (latchkey_\w+)/gm)].map(([, name]) => name)
  const named = new Set([...read('docs/operations.md').matchAll(/`(latchkey_\w+)`/g)].map(([, name]) => name))
  // one process alone has no workers to tell of
  t.strictSame([...named].sort(), [...ours, 'latchkey_worker_up'].sort())
})

/** What headings are called in links. */
function anchorsOf(document: string): string[] {
  return [...document.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

t.test('links from one document to another lead somewhere', async (t) => {
  let count = 0
  for (const path of DOCUMENTS) {
    const text = read(path).replace(/^```[\s\S]*?^```$/gm, '')
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      count += 1
      const [file = '', anchor] = target.split('#')
      const file_path = file === '' ? path : join(dirname(path), file)
      t.ok(existsSync(join(ROOT, file_path)), `${path}: ${target}`)
      if (anchor) t.ok(anchorsOf(read(file_path)).includes(anchor), `${path}: ${target}`)
    }
  }
  t.ok(count > 50, `${count} links`)
})
