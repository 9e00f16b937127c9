/** The service as `npm run build` makes it. What it does is tested on the sources; here, that it does it from anywhere. */
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { build } from '../../scripts/build.ts'
import { bearer, type Environment, JWT_KEY, type Tokens } from '../support/app.ts'
import { type Child, emptyFolder, PROJECT, startChild } from '../support/child.ts'
import { matchLists } from '../support/match.ts'
import { freePort } from '../support/ports.ts'
import { call } from '../support/service.ts'
import { eventually } from '../support/wait.ts'

const METRICS_TOKEN = 'a-token-for-metrics'
const PASSWORD = 'wrong horse, right staple'

/** Pages, and what they have that is read from elsewhere. */
const PAGES = {
  '/openapi.yaml': 'openapi: 3.0.3',
  '/openapi-compat.yaml': 'openapi: 3.0.3',
  '/docs/swagger-ui.css': '.swagger-ui',
  '/redoc/redoc.standalone.js': 'Redoc',
  '/metrics': 'process_resident_memory_bytes',
}

const place = emptyFolder(t)
const program = (name: string) => join(place, 'dist', `${name}.mjs`)

t.before(async () => {
  symlinkSync(join(PROJECT, 'node_modules'), join(place, 'node_modules'))
  await build(join(place, 'dist'))
})

interface Service extends Child {
  base: string
}

async function serve(t: Test, cwd: string, args: readonly string[], more: Environment = {}): Promise<Service> {
  const port = await freePort()
  const env = { JWT_KEY, DATABASE_URL: 'sqlite:test.db', PORT: String(port), HASH_CONCURRENCY: '2', ...more }
  // without tap's options for Node, which would have it read the maps of the sources
  const command = ['--unset=NODE_OPTIONS', process.execPath, ...args]
  const child = startChild(t, { command: 'env', args: command, cwd, env })
  await eventually(() => {
    if (child.process.exitCode !== null) throw new Error(`the service ended: ${child.errors()}`)
    return child.errors().includes('tokens ')
  }, 60_000)
  return { ...child, base: `http://127.0.0.1:${port}` }
}

async function end({ process, ended }: Child): Promise<void> {
  process.kill('SIGTERM')
  const { code } = await ended
  if (code !== 0) throw new Error(`the service ended with ${code}`)
}

t.test('the built service serves what the sources serve, with the files and threads that these need', async (t) => {
  const cwd = emptyFolder(t)
  const latchkey = (...args: string[]) =>
    startChild(t, { args: [program('cli'), ...args], cwd, env: { JWT_KEY, DATABASE_URL: 'sqlite:test.db' } }).ended
  // the first example of the specification of sha-crypt
  const hash = '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1'
  writeFileSync(join(cwd, 'users.jsonl'), `${JSON.stringify({ username: 'bob', password_hash: hash })}\n`)
  t.match(await latchkey('migrate', 'up'), { code: 0 })
  t.match(await latchkey('import', 'users.jsonl', '--apply'), { code: 0, stdout: /sha.?512|crypt/ })
  t.match(await latchkey('openapi'), { code: 0, stdout: readFileSync(join(PROJECT, 'openapi.yaml'), 'utf8') })

  const settings = { PASSWORD_POLICY: 'strict', METRICS: `token:${METRICS_TOKEN}`, MAIL_DIR: 'mail' }
  const service = await serve(t, cwd, [program('server')], settings)
  const api = `${service.base}/api/v1`
  const ada = { username: 'ada', email: 'ada@example.org', password: PASSWORD, locale: 'de' }
  matchLists(t, await call(`${api}/auth/register`, { ...ada, password: 'iloveyou' }), {
    body: { errors: [{ pointer: '/password' }] },
  })
  t.equal((await call(`${api}/auth/register`, ada)).status, 201)
  await eventually(() => existsSync(join(cwd, 'mail')) && readdirSync(join(cwd, 'mail')).length > 0)

  const login = await call<Tokens>(`${api}/auth/login`, { identifier: 'ada', password: PASSWORD })
  const refreshed = await call<Tokens>(`${api}/auth/refresh`, { refresh_token: login.body.refresh_token })
  const me = await call(`${api}/users/me`, undefined, bearer(refreshed.body.access_token))
  t.match(me, { status: 200, body: { username: 'ada' } })
  t.equal((await call(`${api}/auth/login`, { identifier: 'bob', password: 'Hello world!' })).status, 200, 'by a thread')
  t.match(await call(`${api}/auth/password/strength`, { password: 'abc' }), { status: 200, body: { score: 0 } })
  for (const [path, text] of Object.entries(PAGES))
    t.match(await (await fetch(service.base + path, { headers: bearer(METRICS_TOKEN) })).text(), text, path)

  const db = new Database(join(cwd, 'test.db'))
  db.exec('alter table sessions rename to elsewhere')
  db.close()
  t.equal((await call(`${api}/auth/login`, { identifier: 'ada', password: PASSWORD })).status, 500)
  await eventually(() => service.output().includes('no such table'))
  t.match(service.output(), /at run \(file:[^ ]+\/src\/db\/sqlite-driver\.ts:\d+:\d+\)/, 'the place in the sources')
  await end(service)
})

t.test('workers run what was built too', async (t) => {
  const service = await serve(t, emptyFolder(t), [program('cli'), 'serve', '--workers', '2'])
  t.match(service.errors(), /^ {2}workers {4}2$/m)
  const { pid = 0 } = service.process
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  const programs = children.map((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0')[1])
  t.strictSame(programs, [program('server'), program('server')])
  t.equal((await fetch(`${service.base}/health/ready`)).status, 200)
  await end(service)
})
