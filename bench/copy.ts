/**
 * `latchkey db copy` of a million users with two sessions each from SQLite to PostgreSQL, in a process of its own as it is
 * used, while the service works: `node bench/copy.ts [users]`. Prints JSON.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import BetterSqlite from 'better-sqlite3'
import { startPostgres } from '../test/support/postgres.ts'
import { person } from './data/people.ts'
import { startServer } from './servers/start.ts'

const run = promisify(execFile)
const script = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const COUNT = Number(process.argv[2] ?? 1_000_000)
const JWT_KEY = 'x'.repeat(32)

/** Between two writes of the service, in ms. */
const PAUSE = 50

interface Tokens {
  access_token: string
  refresh_token: string
}

async function post(url: string, body: object): Promise<Tokens> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return (await response.json()) as Tokens
}

const register = (api: string, username: string) =>
  post(`${api}/auth/register`, { username, email: `${username}@example.net`, password: 'a long password' })

/** Puts people with passwords, roles and two sessions each beside those who are there. */
function fill(path: string): void {
  const file = new BetterSqlite(path)
  const user = file.prepare(
    `insert into users (uid, username, username_key, email, email_key, name, created_at, updated_at)
     values (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const password = file.prepare('insert into passwords (user_id, hash, updated_at) values (?, ?, ?)')
  const role = file.prepare("insert into user_roles (user_id, role) values (?, 'user')")
  const session = file.prepare(
    `insert into sessions (id, user_id, salt, generation, rotated_at, created_at, last_used_at, expires_at, ip, user_agent)
     values (?, ?, ?, 1, ?, ?, ?, ?, '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')`,
  )
  const now = Date.now()
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
  file.transaction(() => {
    for (let index = 0; index < COUNT; index += 1) {
      const { username, email, name, password_hash } = person(index)
      const uid = `019a0000-0000-7000-8000-${hex(index, 12)}`
      const { lastInsertRowid: id } = user.run(uid, username, username, email, email, name, now, now)
      password.run(id, `${password_hash}${password_hash}`.slice(0, 97), now)
      role.run(id)
      for (const number of [0, 1])
        session.run(`019a0000-000${number}-7000-8000-${hex(index, 12)}`, id, hex(index, 32), now, now, now, now + 1e9)
    }
  })()
  file.close()
}

/** Registers and refreshes until the service does not write any more. */
async function keepWriting(api: string) {
  let count = 0
  for (;;) {
    const tokens = await register(api, `light.${count}`).catch(() => undefined)
    if (!tokens) return count
    await after(PAUSE)
    if (!(await post(`${api}/auth/refresh`, tokens && { refresh_token: tokens.refresh_token }).catch(() => undefined)))
      return count
    count += 1
    await after(PAUSE)
  }
}

async function copy(folder: string, env: Record<string, string>, to: string, ...more: string[]) {
  const start = performance.now()
  const args = ['--import', script('servers/peak.ts'), script('../src/cli.ts'), 'db', 'copy', '--to', to, ...more]
  const { stdout, stderr } = await run(process.execPath, args, { cwd: folder, env })
  process.stderr.write(stdout)
  return {
    seconds: (performance.now() - start) / 1000,
    peak_mib: Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024,
    pause_ms: Number(/writes waited for ([\d,]+)/.exec(stdout)?.[1]?.replace(',', '')) || undefined,
    changes: /([\d,]+) rows changed/.exec(stdout)?.[1],
  }
}

mkdirSync('data', { recursive: true })
const folder = resolve(mkdtempSync('data/bench-'))
const postgres = startPostgres(undefined, { settings: ['fsync=on', 'full_page_writes=on', 'autovacuum=on'] })
process.once('SIGINT', () => process.exit(1))
try {
  const env = {
    NODE_ENV: 'production',
    RATE_LIMIT: 'off',
    PASSWORD_POLICY: 'length',
    JWT_KEY,
    PORT: '0',
    DATABASE_URL: 'sqlite:copy.db',
  }
  const to = postgres.url('copied')
  const service = await startServer('../../src/server.ts', env, { folder })
  const early = await register(`${service.url}/api/v1`, 'early.bird')
  fill(`${folder}/copy.db`)
  const writing = keepWriting(`${service.url}/api/v1`)
  const first = await copy(folder, env, to)
  const last = await copy(folder, env, to, '--finish')
  const writes = await writing
  await service[Symbol.asyncDispose]()
  const there = await startServer('../../src/server.ts', { ...env, DATABASE_URL: to }, { folder })
  const me = await fetch(`${there.url}/api/v1/users/me`, { headers: { authorization: `Bearer ${early.access_token}` } })
  await post(`${there.url}/api/v1/auth/refresh`, { refresh_token: early.refresh_token })
  await there[Symbol.asyncDispose]()
  console.log(
    JSON.stringify({ users: COUNT, first, last, writes, access_token: me.status, refresh_token: 200 }, null, 2),
  )
} finally {
  postgres.stop()
  rmSync(folder, { recursive: true })
}
