/**
 * `npm run release-fixture -- v0.1.0`: makes `test/fixtures/0.1.0/` from a tag: the contract of that version, its build, and
 * its database, of either kind, with what people have done there. Later versions are tested against them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Tokens } from '../test/support/app.ts'
import { freePort } from '../test/support/ports.ts'
import { startPostgres } from '../test/support/postgres.ts'

const PROJECT = join(import.meta.dirname, '..')

/** What a build reads beside itself; of the filters the test links the checkout's own, which do not compress. */
const BUILD = ['dist', 'src/mail/languages', 'package.json']

/** It protects nobody. */
const JWT_KEY = 'a master key for tests, of more than 32 bytes'

/** Mail waits, since nobody listens there: the version after this one is to send it. */
const ENVIRONMENT = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'silent',
  RATE_LIMIT: 'off',
  JWT_KEY,
  SMTP_URL: 'smtp://127.0.0.1:1',
  MAIL_FROM: 'latchkey@example.org',
  PUBLIC_URL: 'https://auth.example.org',
  ARGON2_MEMORY: '1024',
  ARGON2_TIME: '1',
  ARGON2_PARALLELISM: '1',
  PASSWORD_POLICY: 'length',
}

/** Somebody whom the database knows, with what they hold in their hands. */
interface Person {
  username: string
  email: string
  password: string
  device_token: string
  refresh_token: string
}

const tag = process.argv[2] ?? ''
const version = /^v(\d+\.\d+\.\d+)$/.exec(tag)?.[1]
if (!version) {
  process.stderr.write('usage: npm run release-fixture -- v1.2.3\n')
  process.exit(2)
}

const fixture = join(PROJECT, 'test/fixtures', version)
const folder = mkdtempSync(join(tmpdir(), 'latchkey-release-'))
try {
  unpack()
  rmSync(fixture, { recursive: true, force: true })
  mkdirSync(fixture, { recursive: true })
  copyFileSync(join(folder, 'openapi.yaml'), join(fixture, 'openapi.yaml'))
  execFileSync('tar', ['-cJf', join(fixture, 'build.tar.xz'), '--exclude=*.map', ...BUILD], { cwd: folder })
  await makeSqlite()
  await makePostgres()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Puts the sources of the tag into the folder, with the packages of this checkout, and builds them. */
function unpack(): void {
  const sources = execFileSync('git', ['archive', tag], { cwd: PROJECT, maxBuffer: 1 << 30 })
  execFileSync('tar', ['-x'], { cwd: folder, input: sources })
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
  execFileSync(process.execPath, ['scripts/build.ts'], { cwd: folder, stdio: 'inherit' })
}

async function makeSqlite(): Promise<void> {
  const path = join(folder, 'latchkey.db')
  await live(`sqlite:${path}`, 'sqlite')
  writeFileSync(join(fixture, 'sqlite.db.gz'), gzipSync(readFileSync(path), { level: 9 }))
}

async function makePostgres(): Promise<void> {
  const server = startPostgres()
  try {
    const url = server.url('release')
    latchkey(url, 'db', 'create')
    await live(url, 'postgres')
    const dump = execFileSync('pg_dump', ['--inserts', '--no-owner', '--no-privileges', url], { encoding: 'utf8' })
    writeFileSync(join(fixture, 'postgres.sql'), portable(dump))
  } finally {
    server.stop()
  }
}

/** What any server and any client understands: without commands of psql, and settings that not every server has. */
function portable(dump: string): string {
  const lines = dump.split('\n').filter((line) => !/^(\\|SET |SELECT pg_catalog\.set_config|--|$)/.test(line))
  return `${lines.join('\n')}\n`
}

function latchkey(url: string, ...args: string[]): void {
  const env = { ...process.env, ...ENVIRONMENT, DATABASE_URL: url }
  execFileSync(process.execPath, ['dist/cli.mjs', ...args], { cwd: folder, env, input: 'a password for the admin\n' })
}

/** Lets people do this and that through the service of that version, and notes what they hold in the end. */
async function live(url: string, kind: string): Promise<void> {
  latchkey(url, 'admin', 'create', '--username', 'root', '--email', 'root@example.org')
  const port = await freePort()
  const env = { ...process.env, ...ENVIRONMENT, DATABASE_URL: url, PORT: String(port) }
  const child = spawn(process.execPath, ['dist/server.mjs'], { cwd: folder, env, stdio: 'inherit' })
  try {
    const people = await visit(`http://127.0.0.1:${port}`, child)
    const notes = { version, made_at: Date.now(), jwt_key: JWT_KEY, people }
    writeFileSync(join(fixture, `${kind}.json`), `${JSON.stringify(notes, undefined, 2)}\n`)
  } finally {
    const ended = once(child, 'exit')
    if (child.kill('SIGTERM')) await ended
  }
}

async function visit(base: string, child: ChildProcess): Promise<Person[]> {
  await untilReady(base, child)
  const ask: Ask = (path, body, headers = {}) => send(`${base}/api/v1${path}`, body, headers)
  const people: Person[] = []
  for (const username of ['ada', 'grace', 'edsger']) {
    const person = await liveAs(username, ask)
    const { refresh_token } = await logIn(person, ask)
    await ask('/auth/logout', { refresh_token })
    people.push(person)
  }
  return people
}

type Ask = (path: string, body: object, headers?: object) => Promise<Tokens & { device_token?: string }>

/** Registers, comes back on the same device, refreshes there, and mistypes once. */
async function liveAs(username: string, ask: Ask): Promise<Person> {
  const email = `${username}@example.org`
  const password = `a password for ${username}`
  const { device_token = '', refresh_token } = await ask('/auth/register', { username, email, password })
  const person = { username, email, password, device_token, refresh_token }
  await logIn(person, ask)
  await ask('/auth/login', { identifier: username, password: 'mistyped once' }).catch(() => {})
  return { ...person, refresh_token: (await ask('/auth/refresh', { refresh_token })).refresh_token }
}

function logIn({ username, password, device_token }: Person, ask: Ask): Promise<Tokens> {
  return ask('/auth/login', { identifier: username, password }, { 'x-device-token': device_token })
}

async function send(url: string, body: object, headers: object): Promise<Tokens> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`)
  return JSON.parse(text || '{}')
}

async function untilReady(base: string, child: ChildProcess): Promise<void> {
  const isReady = () =>
    fetch(`${base}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}`)
    await after(100)
  }
}
