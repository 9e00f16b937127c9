/** PostgreSQL: the pool of connections, and what a failed one looks like. */
import { createRequire } from 'node:module'
import { PostgresAdapter, PostgresDialect, sql } from 'kysely'
import type pg from 'pg'

/** The driver, once there is a database for it: services on SQLite start without. */
let driver: typeof pg | undefined

/** How long a request waits for a connection, new or of the pool, in ms. */
const CONNECT_TIMEOUT = 5000

/** The server ends a statement after this long, a wait for a lock, a transaction in which nothing happens; in ms. */
const STATEMENT_TIMEOUT = 5000
const LOCK_TIMEOUT = 3000
const IDLE_TIMEOUT = 10_000

/** A server that does not even say that time is up is given up, and the connection with it; in ms. */
const ANSWER_TIMEOUT = 8000

/** A connection is used for so long, in s, so that a pool finds its way to a server that took over. */
const LIFETIME = 1800

/** Two numbers make the name of an advisory lock; this one says that it is Latchkey's. */
const LOCKS = 0x4c6b

export interface PoolOptions {
  /** most connections; 10 by default */
  pool?: number
  /** without limits on how long a statement may take: for changes of the schema, which may take long */
  patient?: boolean
  /** how long to wait for a connection, and for an answer, in ms */
  patience?: number
}

/** Kysely's PostgreSQL dialect over a bounded pool that replaces broken connections by itself. */
export function postgresDialect(url: string, options: PoolOptions): PostgresDialect {
  return new (class extends PostgresDialect {
    override createAdapter() {
      return new Adapter()
    }
  })({ pool: openPool(url, options) })
}

/** Leaves the queue of migrations to src/db/migrate.ts: behind pgbouncer a session's lock would be somebody else's. */
class Adapter extends PostgresAdapter {
  override async acquireMigrationLock() {}
  override async releaseMigrationLock() {}
}

/** A lock that the transaction holds to its end, and for which others wait. */
export const advisoryLock = (number: number) => sql`select pg_advisory_xact_lock(${sql.lit(LOCKS)}, ${sql.lit(number)})`

/** The same without waiting; says whether it was to be had. */
export const tryAdvisoryLock = (number: number) =>
  sql<{ taken: boolean }>`select pg_try_advisory_xact_lock(${sql.lit(LOCKS)}, ${sql.lit(number)}) as taken`

function loadDriver(): typeof pg {
  driver ??= createRequire(import.meta.url)('pg') as typeof pg
  return driver
}

function openPool(url: string, { pool: max = 10, patient = false, patience }: PoolOptions): pg.Pool {
  const { Pool } = loadDriver()
  const pool = new Pool({
    application_name: 'latchkey',
    // what the URL says wins over the rest
    connectionString: url,
    max,
    connectionTimeoutMillis: patience ?? CONNECT_TIMEOUT,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: LIFETIME,
    keepAlive: true,
    types: { getTypeParser },
    verify: refuseStandby,
    ...(!patient && {
      statement_timeout: STATEMENT_TIMEOUT,
      lock_timeout: LOCK_TIMEOUT,
      idle_in_transaction_session_timeout: IDLE_TIMEOUT,
      query_timeout: patience ?? ANSWER_TIMEOUT,
    }),
  })
  // The pool has dropped the connection by then, and the next query gets a new one or says what is wrong.
  pool.on('error', () => {})
  pool.on('connect', giveUpWithSilence)
  return pool
}

/** 64-bit integers are numbers here: ids and times in ms are far from where those become inexact. */
const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = ((oid: number, format?: 'text' | 'binary') =>
  oid === loadDriver().types.builtins.INT8 ? Number : loadDriver().types.getTypeParser(oid, format as 'text')) as never

/** A query without an answer leaves its connection waiting for one: it must not go back to the pool. */
function giveUpWithSilence(client: pg.PoolClient): void {
  // without a listener, a connection that breaks between two statements would end the process
  client.on('error', () => {})
  const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown> | undefined
  const watched = (...args: unknown[]) => {
    const result = query(...args)
    result?.catch?.((error: Error) => {
      if (error.message === NO_ANSWER) (client as unknown as { connection: pg.Connection }).connection.stream.destroy()
    })
    return result
  }
  client.query = watched as typeof client.query
}

const NO_ANSWER = 'Query read timeout'

/** A standby answers questions too, but news comes to it late, and it takes no writes. */
function refuseStandby(client: pg.PoolClient, done: (error?: Error) => void): void {
  client
    .query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
    .then(({ rows }) => (rows[0]?.standby ? done(new Error(STANDBY)) : done()), done)
}

const STANDBY = 'the server is a standby'

/** PostgreSQL's classes and codes of errors (appendix A of its manual) for which the statement is not to blame. */
const UNAVAILABLE = new RegExp(
  [
    '08...', // connection exception
    '25006', // read only: a standby that was taken for the primary
    '25P03', // idle in a transaction for too long
    '28...', // may not connect
    '3D000', // no such database
    '40001', // serialization failure
    '40P01', // deadlock
    '53...', // out of disk, memory, connections
    '55P03', // lock not available in time
    '57...', // statement timeout, shutting down, starting up
    '58...', // input/output error
  ].join('|'),
)

/** What the driver says without a code. */
const GONE =
  /^(The server does not support SSL|timeout exceeded when trying to connect|Connection terminated|Client (has|was) |driver has already been)/

/** What the system and TLS say of a connection that could not be made, or broke. */
const NETWORK =
  /^(ECONN\w+|ENOTFOUND|EAI_\w+|ETIMEDOUT|EPIPE|EHOST\w+|ENET\w+|ENOENT|EADDRNOTAVAIL|ERR_(TLS|SSL)_\w+|\w*CERT\w*|UNABLE_TO_\w+)$/

/** Whether it was the server that said so, and not the driver or the system. */
const isOfServer = (error: unknown): error is pg.DatabaseError =>
  driver !== undefined && error instanceof driver.DatabaseError

/** Whether the server, or the way to it, is at fault. */
export function isServerUnavailable(error: unknown): boolean {
  const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string }
  if (typeof code === 'string') {
    if (isOfServer(error)) return UNAVAILABLE.test(code)
    return NETWORK.test(code)
  }
  return error instanceof Error && (message === NO_ANSWER || message === STANDBY || GONE.test(message))
}

/** Whether a transaction was ended for the sake of another one, and may simply be run again. */
export function isPassing(error: unknown): boolean {
  return isOfServer(error) && (error.code === '40001' || error.code === '40P01')
}

/** Whether a lock was not to be had in the time there was for it. */
export const isLockMissed = (error: unknown) => isOfServer(error) && error.code === '55P03'

/** The column that an error says was to be unique, out of the name that PostgreSQL gives such a constraint. */
export function uniqueColumn<T extends string>(error: unknown, candidates: readonly T[]): T | undefined {
  if (!isOfServer(error) || error.code !== '23505') return undefined
  return candidates.find((column) => error.constraint === `${error.table}_${column}_key`)
}
