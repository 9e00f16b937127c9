/** The same service with a thousand times the accounts. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fewOnPostgres, fewOnSqlite, manyOnPostgres, manyOnSqlite, type Place, scratchFolder } from '../data/places.ts'
import { FEW, MANY } from '../data/population.ts'
import type { Request } from '../load/closed.ts'
import { compareLoads } from '../load/compare.ts'
import type { Comparison, Effort, Outcome, Row } from '../measure.ts'
import { type Latchkey, startLatchkey } from '../servers/latchkey.ts'
import { type PostgresServer, postgresVersion, startPostgres } from '../servers/postgres.ts'
import { LOGIN_CONNECTIONS } from './login.ts'

type Kind = 'sqlite' | 'postgres'
type Job = 'me' | 'refresh' | 'login'

const CONNECTIONS = { me: 32, refresh: 64, login: LOGIN_CONNECTIONS }
const WHAT = { me: 'GET /users/me', refresh: 'POST /auth/refresh', login: 'POST /auth/login' }
const ON = { sqlite: 'SQLite', postgres: 'PostgreSQL' }

/** About as many as a node keeps in memory. */
const ACTIVE = '98,000 active sessions'

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
      'Database and page cache fit into memory. Beside it everybody is equally active, which is the worst for every cache; in life a few are much more active than most.',
    target: { of: 'ratio', least: 0.85 },
    run: (effort) => (kind === 'sqlite' ? onSqlite(job, effort) : onPostgres(job, effort)),
  }
}

function settingOf(job: Job, kind: Kind): string {
  const working =
    job === 'login'
      ? '1,000 accounts that log in, chosen at random from all'
      : `used are as many sessions of the many, chosen evenly from all, as there are of the few, each with a token; beside it, ${ACTIVE}`
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
  const request = requestOf(ours, job)
  const split = request.lines?.kind === 'body' ? undefined : splitLines(request, fewPlace.population.sessions)
  return await compareLoads(effort, CONNECTIONS[job], {
    ours: { pid: ours.pid, request: split?.some ?? request },
    theirs: { pid: theirs.pid, request: requestOf(theirs, job) },
    ...(split && { beside: { what: `ours, ${ACTIVE}`, pid: ours.pid, request: split.others } }),
  })
}

const requestOf = ({ requests }: Latchkey, job: Job): Request => requests[job === 'me' ? 'mes' : job]

/** As many sessions as the other side has, so that what differs is the size of the database; and all others. */
function splitLines(request: Request, count: number): Record<'some' | 'others', Request> {
  const { kind, path } = request.lines as NonNullable<Request['lines']>
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const part = (name: string, chosen: readonly string[]): Request => {
    writeFileSync(`${path}-${name}`, `${chosen.join('\n')}\n`)
    return { ...request, lines: { kind, path: `${path}-${name}` } }
  }
  return { some: part('some', lines.slice(0, count)), others: part('others', lines.slice(count)) }
}
