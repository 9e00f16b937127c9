/** The same service with a thousand times the accounts. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fewOnPostgres, fewOnSqlite, manyOnPostgres, manyOnSqlite, type Place, scratchFolder } from '../data/places.ts'
import { FEW, MANY } from '../data/population.ts'
import { type Beside, compareLoads } from '../load/compare.ts'
import type { Comparison, Effort, Outcome, Row } from '../measure.ts'
import { type Latchkey, startLatchkey } from '../servers/latchkey.ts'
import { type PostgresServer, postgresVersion, startPostgres } from '../servers/postgres.ts'
import { LOGIN_CONNECTIONS } from './login.ts'

type Kind = 'sqlite' | 'postgres'
type Job = 'me' | 'refresh' | 'login'

const CONNECTIONS = { me: 32, refresh: 64, login: LOGIN_CONNECTIONS }
const WHAT = { me: 'GET /users/me', refresh: 'POST /auth/refresh', login: 'POST /auth/login' }
const ON = { sqlite: 'SQLite', postgres: 'PostgreSQL' }

const number = (count: number) => count.toLocaleString('en')
const size = ({ users, sessions }: { users: number; sessions: number }) =>
  `${number(users)} accounts and ${number(sessions)} sessions`

/** All that is measured with many accounts. */
export const many: readonly Row[] = (['sqlite', 'postgres'] as const).flatMap((kind) =>
  (['me', 'refresh', 'login'] as const).map((job) => rowOf(job, kind)),
)

function rowOf(job: Job, kind: Kind): Row {
  return {
    name: `many-${job}-${kind}`,
    group: 'many',
    ours: `${WHAT[job]} on ${ON[kind]} with ${size(MANY)}`,
    theirs: `with ${size(FEW)}`,
    unit: job === 'login' ? 'logins/s' : 'requests/s',
    setting: settingOf(job, kind),
    limits:
      'Database and page cache fit into memory. Everybody is equally active, which is the worst for every cache; in life a few are much more active than most.',
    target: { of: 'ratio', least: 0.85 },
    run: (effort) => (kind === 'sqlite' ? onSqlite(job, effort) : onPostgres(job, effort)),
  }
}

function settingOf(job: Job, kind: Kind): string {
  const working =
    job === 'login'
      ? '1,000 accounts that log in, chosen at random from all'
      : 'used are 100,000 sessions, chosen evenly from all of the many, and all of the few, each with a token; a node remembers 20,000'
  const database = kind === 'sqlite' ? 'SQLite, synchronous=FULL' : 'PostgreSQL with its defaults, on the same machine'
  return `NODE_ENV=production, RATE_LIMIT=off; ${database}; ${working}; ${CONNECTIONS[job]} connections`
}

async function onSqlite(job: Job, effort: Effort): Promise<Outcome> {
  using scratch = scratchFolder()
  return await compare(job, effort, await manyOnSqlite(), await fewOnSqlite(scratch.path))
}

async function onPostgres(job: Job, effort: Effort): Promise<Outcome> {
  const version = postgresVersion()
  if (version === undefined) return { unmeasured: 'PostgreSQL is not installed' }
  await using server: PostgresServer = await startPostgres(version)
  return await compare(job, effort, await manyOnPostgres(server), await fewOnPostgres(server))
}

async function compare(job: Job, effort: Effort, manyPlace: Place, fewPlace: Place): Promise<Comparison> {
  await using ours = await startLatchkey({ place: manyPlace })
  await using theirs = await startLatchkey({ place: fewPlace })
  const name = job === 'me' ? 'mes' : job
  return await compareLoads(effort, CONNECTIONS[job], {
    ours: { pid: ours.pid, request: ours.requests[name] },
    theirs: { pid: theirs.pid, request: theirs.requests[name] },
    ...(job === 'me' && { beside: remembered(ours, fewPlace.population.sessions) }),
  })
}

/** As few active sessions among many as the other side has: what is left is the size of the database. */
function remembered({ pid, requests }: Latchkey, count: number): Beside {
  const { lines, url } = requests.mes
  const path = `${lines?.path}-${count}`
  const tokens = readFileSync(lines?.path ?? '', 'utf8').split('\n', count)
  writeFileSync(path, `${tokens.join('\n')}\n`)
  return { what: `ours, ${number(count)} active sessions`, pid, request: { url, lines: { kind: 'bearer', path } } }
}
