/** `docs/moving-in.md` is held true: its commands are run on files of the four systems, and print what it shows. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config.ts'
import { general } from '../../src/moving/systems/general.ts'
import { SYSTEMS } from '../../src/moving/systems.ts'
import { FORMATS } from '../../src/passwords/formats/index.ts'
import { isLeftOut } from '../support/app.ts'
import { PROJECT, startChild } from '../support/child.ts'
import { commandLine } from '../support/command-line.ts'
import { matchLists } from '../support/match.ts'
import { startService } from '../support/service.ts'

const PAGE = readFileSync(join(PROJECT, 'docs/moving-in.md'), 'utf8')
const sectionOf = (heading: string) => PAGE.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''

/** What the old services used; the files in the tests are made with less. */
const ROUNDS = '10'

/** The section's commands that are followed by what they print. */
function stepsOf(heading: string) {
  const blocks = sectionOf(heading).matchAll(/^```sh\n([\s\S]*?)^```\n\n(?:```text\n([\s\S]*?)^```\n)?/gm)
  return [...blocks].flatMap(([, command = '', output]) => (output === undefined ? [] : [{ command, output }]))
}

t.test('the page’s commands print what the page shows', { skip: isLeftOut('python') }, async (t) => {
  for (const system of ['flask-jwt-demo', 'python-jwt-template', 'flask-auth', 'fastapi-auth']) {
    const { folder, environment } = commandLine(t)
    execFileSync('/usr/bin/python3', [join(PROJECT, 'test/moving/make_files.py'), folder, ROUNDS])
    const { api } = await startService(t, environment)
    const steps = stepsOf(system)
    t.ok(steps.length >= 2, system)
    for (const { command, output } of steps) {
      const script = command
        .replaceAll('npm run latchkey --', `"${process.execPath}" "${join(PROJECT, 'src/cli.ts')}"`)
        .replaceAll('http://127.0.0.1:3000', api.replace('/api/v1', ''))
      const args = ['-euc', script]
      const { code, stdout, stderr } = await startChild(t, { command: 'sh', args, cwd: folder, env: environment }).ended
      t.strictSame([code, stderr], [0, ''], command)
      t.equal(stdout, output, command)
    }
  }
})

t.test('the page names every system, every password format and every member of the general form', async (t) => {
  for (const { name } of SYSTEMS) t.match(PAGE.toLowerCase(), name === 'general' ? 'the general form' : name, name)
  const [table = '', formats = ''] = sectionOf('The general form').split('### Password formats')
  const named = new Set([...formats.matchAll(/`([a-z0-9-]+)`/g)].map(([, name]) => name))
  for (const { name } of FORMATS) t.ok(named.has(name), name)

  const members = new Set<string>()
  const asked = (name: string) => {
    members.add(name)
    return undefined
  }
  const row = { get: asked, text: asked, flag: asked, integer: asked, time: asked, unread: () => [] }
  general.translate(row, { now: 0 })
  const described = [...table.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name]) => name)
  t.strictSame(described.sort(), [...members].sort())
})

t.test('the old variables that the page says are read as they are, are', async (t) => {
  const table = sectionOf('Old and new environment variables')
  const names = [...table.matchAll(/\*\*`([A-Z_]+)`\*\*/g)].map(([, name = '']) => name)
  t.ok(names.length > 7)
  const key = 'a key of more than thirty-two bytes'
  const values: Record<string, [string, unknown]> = {
    JWT_KEY: [key, { jwt_key: key }],
    ENV_JWT_KEY: [key, { jwt_key: key }],
    SECRET_KEY: [key, { jwt_key: key }],
    REDIS_HOST: ['redis.example.org', { redis_url: 'redis://redis.example.org:6379' }],
    REDIS_PORT: ['6380', { redis_url: 'redis://h:6380' }],
    DATABASE_URI: ['sqlite:///data/app.db', { database_url: 'sqlite:data/app.db' }],
    ACCESS_TOKEN_EXPIRE_MINUTES: ['30', { access_token_ttl: 1_800_000 }],
    BACKEND_CORS_ORIGINS: ['["https://example.org"]', { cors_origins: ['https://example.org'] }],
  }
  for (const name of names) {
    const [value, expected] = values[name] ?? ['', 'a variable that this test knows']
    const also = name === 'REDIS_PORT' ? { REDIS_HOST: 'h' } : {}
    matchLists(t, loadConfig({ ...also, [name]: value }), expected, name)
  }
})
