/** Keeping everybody else out of a database as a whole, before what is in it goes. */
import { setTimeout as after } from 'node:timers/promises'
import BetterSqlite from 'better-sqlite3'
import { Kysely, sql } from 'kysely'
import { isPostgres, keepOut, liftLimits } from './dialect.ts'
import { type Db, isPostgresUrl, openDatabase, shownUrl } from './open.ts'
import type { Tables } from './schema.ts'
import { fileExists, sqliteDialect, sqlitePath } from './sqlite.ts'
import { TABLES } from './tables.ts'

/** A server goes on showing the connection of a process that has just ended; it is asked again for so long, in ms. */
const LINGER = 2000
const PAUSE = 100

const inUse = (shown: string, cause?: unknown) =>
  new Error(`${shown} is in use: stop every process first`, cause === undefined ? undefined : { cause })

/**
 * Keeps everybody else out of an SQLite database for as long as the lock is open. Every process that has read anything from
 * it holds a lock of its own, which leaving the write-ahead log does not get past; that also brings the log's last writes
 * into the file.
 * @returns undefined, with `force`, where the file is too damaged to be locked
 * @throws when a process has it open, or without `force` nobody can say
 */
export function lockOut(path: string, force: boolean): BetterSqlite.Database | undefined {
  let file: BetterSqlite.Database | undefined
  try {
    file = new BetterSqlite(path, { timeout: 0, fileMustExist: true })
    file.pragma('journal_mode = DELETE')
    // in this mode the lock outlives the transaction
    file.pragma('locking_mode = EXCLUSIVE')
    file.exec('begin exclusive; commit')
    return file
  } catch (cause) {
    file?.close()
    const { code, message } = cause as { code?: string; message: string }
    if (code?.startsWith('SQLITE_BUSY')) throw inUse(path, cause)
    if (force) return undefined
    throw new Error(
      `${path} cannot be opened (${message}), so whether a process is using it cannot be seen; --yes replaces it all the same`,
      { cause },
    )
  }
}

/**
 * Runs `work` with a database that nobody else uses, and that nobody can begin to write to meanwhile; on PostgreSQL in one
 * transaction. Where there is no database, `work` finds an empty one.
 * @throws when a process of Latchkey has it open
 */
export async function withoutOthers<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  if (!isPostgresUrl(url)) return withFileAlone(url, work)
  const { db } = openDatabase(url, { pool: 1, patient: true })
  try {
    await untilUnused(db, url)
    return await db.transaction().execute(async (tx) => {
      await liftLimits(tx)
      const there = (await tx.introspection.getTables()).map(({ name }) => name)
      const ours = TABLES.filter((table) => there.includes(table))
      if (ours.length > 0) await keepOut(tx, ours)
      // whoever came before the locks is seen now, and whoever comes later finds what `work` leaves
      if (await isUsed(tx)) throw inUse(shownUrl(url))
      return work(tx)
    })
  } finally {
    await db.destroy()
  }
}

async function withFileAlone<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const lock = fileExists(url) ? lockOut(sqlitePath(url), false) : undefined
  if (lock) lock.pragma('foreign_keys = ON')
  const db = lock ? new Kysely<Tables>({ dialect: sqliteDialect(lock) }) : openDatabase(url).db
  try {
    return await work(db)
  } finally {
    await db.destroy()
  }
}

async function untilUnused(db: Db, url: string): Promise<void> {
  const end = performance.now() + LINGER
  while (await isUsed(db)) {
    if (performance.now() > end) throw inUse(shownUrl(url))
    await after(PAUSE)
  }
}

/** Whether there is another connection of Latchkey's, or of whatever name the URL gives it. */
async function isUsed(db: Db): Promise<boolean> {
  if (!isPostgres(db)) return false
  const { rows } = await sql<{ used: boolean }>`
    select exists (
      select from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
        and application_name in ('latchkey', nullif(current_setting('application_name'), ''))
    ) as used`.execute(db)
  return rows[0]?.used ?? false
}
