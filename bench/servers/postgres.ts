/** A PostgreSQL server of the bench's own, with its defaults; its data stay between runs. */
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { CACHE } from '../data/places.ts'

/** Where Debian keeps the servers, one folder a version; none of it is on the path. */
const VERSIONS = '/usr/lib/postgresql'
const USER = 'latchkey'

export interface PostgresServer extends AsyncDisposable {
  /** which one, for the reader of the figures */
  version: string
  url(database: string): string
}

/** The newest version on this machine, or undefined if there is none. */
export function postgresVersion(): number | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).map(Number) : []
  return versions.toSorted((a, b) => b - a)[0]
}

/** Starts the server, making its data folder first where there is none. */
export async function startPostgres(version: number): Promise<PostgresServer> {
  const folder = `${CACHE}/postgres-${version}`
  const data = `${folder}/data`
  const run = runnerOf(`${VERSIONS}/${version}/bin`, folder)
  if (!existsSync(data)) {
    prepareFolder(folder)
    run('initdb', '-D', data, '-U', USER, '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-instructions')
  }
  const port = await freePort()
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=`
  run('pg_ctl', 'start', '--silent', '--wait', '-D', data, '-l', `${folder}/log`, '-o', settings)
  const stop = () => run('pg_ctl', 'stop', '--silent', '--mode=fast', '-D', data)
  process.once('exit', stop)
  return {
    version: `PostgreSQL ${version}`,
    url: (database) => `postgres://${USER}@127.0.0.1:${port}/${database}`,
    async [Symbol.asyncDispose]() {
      process.off('exit', stop)
      stop()
    },
  }
}

/** PostgreSQL refuses to run as root, so there it runs as nobody. */
const isRoot = process.getuid?.() === 0
const NOBODY = 65_534

function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true })
  if (isRoot) chownSync(folder, NOBODY, NOBODY)
}

function runnerOf(programs: string, cwd: string) {
  const unprivileged = isRoot ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'] : []
  return (program: string, ...args: string[]) => {
    const [first = '', ...rest] = [...unprivileged, `${programs}/${program}`, ...args]
    // a server that is started inherits what is open: with a pipe, this would wait for its end
    execFileSync(first, rest, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  }
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
