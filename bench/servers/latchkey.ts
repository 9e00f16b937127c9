/** Latchkey as it is deployed, on a database with accounts and sessions in it. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fewOnSqlite, type Place, scratchFolder } from '../data/places.ts'
import { LIFE_DAYS, nameOf, PASSWORD } from '../data/population.ts'
import type { Request } from '../load/closed.ts'
import { type RunningServer, startServer } from './start.ts'

const TOKENS = fileURLToPath(new URL('../data/tokens.ts', import.meta.url))

/** The settings that differ from the defaults. Sessions live long because the databases with many are kept. */
const ENV = {
  NODE_ENV: 'production',
  PORT: '0',
  RATE_LIMIT: 'off',
  // who registers here is a number with a name
  PASSWORD_POLICY: 'length',
  // a machine that is busy with other things is shown as slow, not as one that refuses
  HASH_WAIT: '1m',
  // no secret: it seals keys that nobody else trusts, and has to fit databases that are kept
  JWT_KEY: 'for the measurements and for nothing else',
  REFRESH_TOKEN_TTL: `${LIFE_DAYS}d`,
  SESSION_IDLE_TTL: `${LIFE_DAYS}d`,
}

/** The environment of a deployment on that database. */
export const deployment = ({ url }: Pick<Place, 'url'>) => ({ ...ENV, DATABASE_URL: url })

/** The settings, for the reader of the figures. */
export const SETTINGS =
  'NODE_ENV=production, RATE_LIMIT=off, LOG_LEVEL=info with a line a request, SQLite file with 1,000 accounts, embedded store'

export interface Latchkey extends RunningServer {
  /** What can be asked of it again and again. */
  requests: Readonly<Record<'me' | 'verify' | 'refresh' | 'login' | 'mes', Request>>
}

interface Options {
  env?: Record<string, string>
  /** by default a new SQLite file with a thousand accounts */
  place?: Place
  /** options of Node */
  node?: readonly string[]
  /** what is run, relative to this folder, and with which arguments */
  script?: string
  args?: readonly string[]
}

/** Starts the service; what it worked on is deleted when it goes out of scope, unless that was given. */
export async function startLatchkey(options: Options = {}): Promise<Latchkey> {
  const { node = [], script = '../../src/server.ts', args = [] } = options
  const scratch = scratchFolder()
  const folder = scratch.path
  const place = options.place ?? (await fewOnSqlite(folder))
  const env = { ...deployment(place), ...options.env }
  await writeLines(folder, place, env)
  const server = await startServer(script, env, { folder, node, args })
  return {
    ...server,
    requests: requestsOf(`${server.url}/api/v1`, folder),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      scratch[Symbol.dispose]()
    },
  }
}

/** Tokens and passwords of the active accounts, as files for the load generator. */
async function writeLines(folder: string, place: Place, env: Record<string, string>): Promise<void> {
  const { users } = place.population
  const wanted = {
    ACCESS: `${folder}/access`,
    REFRESH: `${folder}/refresh`,
    COUNT: `${place.active}`,
    USERS: `${users}`,
  }
  await promisify(execFile)(process.execPath, [TOKENS], { env: { ...env, LOG_LEVEL: 'silent', ...wanted } })
  const bodies = Array.from({ length: 1000 }, () => {
    const identifier = nameOf(1 + Math.floor(Math.random() * users))
    return JSON.stringify({ identifier, password: PASSWORD })
  })
  writeFileSync(`${folder}/logins`, `${bodies.join('\n')}\n`)
}

function requestsOf(api: string, folder: string): Latchkey['requests'] {
  const [token] = readFileSync(`${folder}/access`, 'utf8').split('\n', 1)
  const headers = { authorization: `Bearer ${token}` }
  const json = { 'content-type': 'application/json' }
  const post = (path: string, kind: 'body' | 'refresh', file: string): Request => ({
    url: `${api}${path}`,
    method: 'POST',
    headers: json,
    lines: { kind, path: `${folder}/${file}` },
  })
  return {
    me: { url: `${api}/users/me`, headers },
    mes: { url: `${api}/users/me`, lines: { kind: 'bearer', path: `${folder}/access` } },
    verify: { url: `${api}/auth/verify`, headers },
    refresh: post('/auth/refresh', 'refresh', 'refresh'),
    login: post('/auth/login', 'body', 'logins'),
  }
}
