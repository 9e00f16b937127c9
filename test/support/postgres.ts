/** A PostgreSQL server of the tests' own, and a database of its own for every test. */
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from './ports.ts'

/** Where Debian keeps the servers, one folder a version; none of it is on the path. */
const VERSIONS = '/usr/lib/postgresql'

/** Nothing here has to survive the machine, and many small databases are open at once. */
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'autovacuum=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_connections=400',
  'shared_buffers=64MB',
  'unix_socket_directories=',
]

const USER = 'latchkey'

/** The database that those of the tests are copies of. */
export const TEMPLATE = 'latchkey_template'

export interface PostgresServer {
  port: number
  /** The URL of a database; of the one that is always there by default. */
  url(name?: string): string
  /** Ends it with SIGKILL; the data stay. */
  kill(): void
  /** Starts it again after that. */
  start: () => void
  /** Starts a second server that follows this one; a commit is acknowledged when both have it. */
  follow(port: number): PostgresServer
  /** Makes a server that follows another one go its own way, and waits until it takes writes. */
  promote(): void
  /** Ends it, and deletes everything. */
  stop(): void
}

/** The newest server on this machine, or undefined if there is none. */
function findPostgres(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : []
  const newest = versions.map(Number).sort((a, b) => b - a)[0]
  return newest === undefined ? undefined : join(VERSIONS, String(newest), 'bin')
}

function program(name: string): string {
  const folder = findPostgres()
  if (!folder) throw new Error('there is no PostgreSQL on this machine')
  return join(folder, name)
}

/** PostgreSQL refuses to run as root. */
const UNPRIVILEGED = process.getuid?.() === 0 ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'] : []

function run(command: readonly string[], cwd: string, within: readonly string[] = []): void {
  const [first = '', ...rest] = [...within, ...UNPRIVILEGED, ...command]
  // a server that is started inherits what is open: with a pipe, this would wait for its end
  const result = spawnSync(first, rest, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  if (result.status !== 0) throw new Error(`${command[0]} ended with ${result.status ?? result.signal}`)
}

interface Where {
  /** what to put before the server's commands, such as for another network */
  within?: readonly string[]
  /** the address it listens on; of loopback by default */
  address?: string
  /** more of its settings, each `name=value` */
  settings?: readonly string[]
}

/** Starts a server in a new folder. Synchronously, since an environment for a test is made synchronously. */
export function startPostgres(port = portOfProcess(), where: Where = {}): PostgresServer {
  const kinds = ['--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions']
  return startIn(port, where, (data, folder) => {
    run([program('initdb'), '-D', data, '-U', USER, ...kinds], folder)
    appendFileSync(join(data, 'pg_hba.conf'), 'host all all samenet trust\n')
  })
}

function startIn(port: number, where: Where, prepare: (data: string, folder: string) => void): PostgresServer {
  const { within = [], address = '127.0.0.1', settings: more = [] } = where
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-postgres-'))
  // the unprivileged user's, whoever that is
  chmodSync(folder, 0o777)
  const data = join(folder, 'data')
  const all = [...SETTINGS, `listen_addresses=${address}`, ...more]
  const settings = [`-p ${port}`, ...all.map((setting) => `-c ${setting}`)].join(' ')
  const control = (...args: string[]) => run([program('pg_ctl'), '--silent', '-D', data, ...args], folder, within)
  const start = () => control('start', '--wait', '-l', join(folder, 'log'), '-o', settings)
  prepare(data, folder)
  start()
  const kill = () => killAll(join(data, 'postmaster.pid'))
  const stop = () => {
    process.off('exit', stop)
    kill()
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', stop)
  const url = (name = 'postgres') => `postgres://${USER}@${address}:${port}/${name}`
  const follow = (at: number) =>
    startIn(at, where, (copy, next) => {
      const from = ['-h', address, '-p', String(port), '-U', USER]
      run([program('pg_basebackup'), ...from, '-D', copy, '-R', '--no-sync', '--checkpoint=fast'], next, within)
    })
  return { port, url, kill, start, stop, follow, promote: () => control('promote', '--wait') }
}

/** Ends a server and all that it has started, as the kernel does when memory is short. */
function killAll(pidFile: string): void {
  if (!existsSync(pidFile)) return
  const pid = readFileSync(pidFile, 'utf8').split('\n', 1)[0] ?? ''
  const children = (unlessGone(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')) ?? '').trim().split(' ')
  const living = [pid, ...children].filter((one) => one !== '').map(Number)
  for (const one of living) unlessGone(() => process.kill(one, 'SIGKILL'))
  while (living.some(isRunning)) spawnSync('sleep', ['0.02'])
  // the next process of this number would be taken for it
  rmSync(pidFile)
}

function isRunning(pid: number): boolean {
  const stat = unlessGone(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // one that nobody has buried yet is as dead
  return stat !== undefined && !/\) Z /.test(stat)
}

/** What is asked of a process, or undefined: it may end at any moment, also between two questions. */
function unlessGone<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return undefined
    throw error
  }
}

/** Above the ports that `freePort` gives out. */
function portOfProcess(): number {
  return 30_000 + (process.pid % 2500)
}

/** The variable by which the test script tells where the server is that it has started for all tests. */
export const SERVER_VARIABLE = 'LATCHKEY_TESTS_POSTGRES'

let shared: string | undefined

/** The server that the test script started, or one of this process's own; its databases' names are put at the end. */
function sharedServer(): string {
  shared ??= process.env[SERVER_VARIABLE] ?? prepareServer(startPostgres()).slice(0, -TEMPLATE.length)
  return shared
}

/**
 * Makes a database that is migrated, and empty: by default the one that all others are copies of.
 * @returns its URL
 */
export function prepareServer(server: PostgresServer, name = TEMPLATE): string {
  const cli = join(import.meta.dirname, '../../src/cli.ts')
  const env = { PATH: process.env['PATH'] ?? '', DATABASE_URL: server.url(name) }
  const { status } = spawnSync(process.execPath, [cli, 'db', 'create'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error('the template could not be made')
  return server.url(name)
}

/** A server that may be broken, with one migrated database. */
export async function ownServer(t: Test, where?: Where): Promise<{ server: PostgresServer; url: string }> {
  const server = startPostgres(await freePort(), where)
  t.teardown(() => server.stop())
  return { server, url: prepareServer(server, 'latchkey') }
}

/** The URL of a database as it is by way of another port. */
export const throughPort = (url: string, port: number) => Object.assign(new URL(url), { port: String(port) }).href

let count = 0

/** A database of one test's own, migrated or quite empty; dropped after the test. */
export function newPostgresDatabase(t: Test, { migrated = true } = {}): string {
  const server = sharedServer()
  count += 1
  const name = `test_${process.pid}_${count}`
  const psql = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', `${server}postgres`, '-c']
  const template = migrated ? ` template ${TEMPLATE}` : ''
  const made = spawnSync('psql', [...psql, `create database ${name}${template}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (made.status !== 0) throw new Error(`the database ${name} could not be made`)
  t.teardown(
    () =>
      new Promise((resolve) => {
        const command = `drop database if exists ${name} with (force)`
        spawn('psql', [...psql, command], { stdio: 'ignore' }).once('close', resolve)
      }),
  )
  return server + name
}
