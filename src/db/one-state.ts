/** Long readings of one state, and short moments in which nobody else writes. */
import { setTimeout as after } from 'node:timers/promises'
import BetterSqlite from 'better-sqlite3'
import { Kysely, sql } from 'kysely'
import { isPostgres, type KeptOut, keepOut, liftLimits } from './dialect.ts'
import type { Db } from './open.ts'
import { isLockMissed, isPassing } from './postgres.ts'
import type { Tables } from './schema.ts'
import { sqliteDialect, sqlitePath } from './sqlite.ts'
import type { Tx } from './transaction.ts'

/** Runs `work` with the database as it is at this moment, however long that takes; others go on writing. */
export async function withOneState<T>(url: string, db: Db, work: (state: Db) => Promise<T>): Promise<T> {
  if (isPostgres(db)) {
    const reading = db.transaction().setIsolationLevel('repeatable read')
    return reading.execute(async (tx) => {
      await liftLimits(tx)
      return work(tx)
    })
  }
  // a connection of its own: our driver's transactions write, and would keep everybody else from it
  const file = new BetterSqlite(sqlitePath(url), { readonly: true, fileMustExist: true })
  const state = new Kysely<Tables>({ dialect: sqliteDialect(file) })
  try {
    file.exec('begin')
    return await work(state)
  } finally {
    await state.destroy()
  }
}

/** On PostgreSQL: who waits for the locks is in the way of every writer, so not for longer than this; in ms. */
const LOCK_PATIENCE = 1000
const ATTEMPTS = 10
const PAUSE = 500

/**
 * Runs `work` in a transaction while nobody else writes to these tables. `work` may run again.
 * @param whom who is kept out; by default others go on reading
 * @throws when writers cannot be kept out
 */
export async function aloneIn<T>(
  db: Db,
  tables: readonly string[],
  work: (tx: Tx) => Promise<T>,
  whom?: KeptOut,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(async (tx) => {
        await liftLimits(tx)
        if (isPostgres(tx)) await sql`set local lock_timeout = ${sql.lit(LOCK_PATIENCE)}`.execute(tx)
        await keepOut(tx, tables, whom)
        return work(tx)
      })
    } catch (error) {
      if (attempt === ATTEMPTS || !(isPassing(error) || isLockMissed(error))) throw error
      await after(PAUSE)
    }
  }
}
