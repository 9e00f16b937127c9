/** PostgreSQL: its dialect, its locks, and what a failure of it looks like. */
import { PostgresAdapter, PostgresDialect, sql } from 'kysely'
import type pg from 'pg'
import { isOfDriver, isOfServer, NO_ANSWER, STANDBY } from './postgres-pool.ts'

/** Two numbers make the name of an advisory lock; this one says that it is Latchkey's. */
const LOCKS = 0x4c6b

/** Kysely's PostgreSQL dialect over a pool. */
export function postgresDialect(pool: pg.Pool): PostgresDialect {
  return new (class extends PostgresDialect {
    override createAdapter() {
      return new Adapter()
    }
  })({ pool })
}

/** Leaves the queue of migrations to src/db/migrate.ts: behind pgbouncer a session's lock would be somebody else's. */
class Adapter extends PostgresAdapter {
  override async acquireMigrationLock() {}
  override async releaseMigrationLock() {}
}

/** A lock that the transaction holds to its end, and for which others wait. */
export const advisoryLock = (number: number) => sql`select pg_advisory_xact_lock(${sql.lit(LOCKS)}, ${sql.lit(number)})`

/** The same by a name of any length; two names that share a number wait for one another, and no harm is done. */
export const advisoryLockAt = (name: string) =>
  sql`select pg_advisory_xact_lock(${sql.lit(LOCKS + 1)}, hashtext(${name}))`

/** The same without waiting; says whether it was to be had. */
export const tryAdvisoryLock = (number: number) =>
  sql<{ taken: boolean }>`select pg_try_advisory_xact_lock(${sql.lit(LOCKS)}, ${sql.lit(number)}) as taken`

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
    '55000', // recovery is in progress: a standby
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

/** Whether the server, or the way to it, is at fault. A connection of anybody else's that broke is not. */
export function isServerUnavailable(error: unknown): boolean {
  const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string }
  if (typeof code === 'string') {
    if (isOfServer(error)) return UNAVAILABLE.test(code)
    return isOfDriver(error) && NETWORK.test(code)
  }
  return error instanceof Error && (message === NO_ANSWER || message === STANDBY || GONE.test(message))
}

/** Whether the server cannot write: it is read-only, or its disk is full or fails. */
export const isServerReadOnly = (error: unknown) => isOfServer(error) && /^(25006|53100|58...)$/.test(error.code ?? '')

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
