import BetterSqlite from 'better-sqlite3'
import { Kysely } from 'kysely'
import { sqliteDialect } from './sqlite.ts'

/** How much of a scratch database is kept in memory, in KiB; the rest goes to its file. */
const CACHE = 8192

/**
 * An empty database for the length of one piece of work. Its file has no name, so it is gone with the process however
 * that ends; `SQLITE_TMPDIR` says where it is kept, a folder for temporary files otherwise.
 */
export function openScratch<T>(): Kysely<T> {
  const file = new BetterSqlite('')
  // nothing in it has to survive anything
  file.pragma('journal_mode = OFF')
  file.pragma('synchronous = OFF')
  file.pragma(`cache_size = -${CACHE}`)
  return new Kysely<T>({ dialect: sqliteDialect(file) })
}
