import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { Kysely } from 'kysely'
import { sqliteDialect } from './dialect.ts'
import type { Tables } from './schema.ts'

export type Db = Kysely<Tables>

/** An open database: the query builder, and a counter that changes when another process has written. */
export interface OpenDatabase {
  db: Db
  /** changes whenever a connection other than this one commits */
  foreignWrites: () => number
}

/** How long a statement waits for another process's write, in ms. */
const BUSY_TIMEOUT = 5000

/** The file that a `sqlite:` URL names. */
export function sqlitePath(url: string): string {
  return url.slice('sqlite:'.length)
}

/**
 * Opens the database that a URL names, creating its file and folder when they are missing.
 * @throws when the file cannot be opened or is not a database
 */
export function openDatabase(url: string): OpenDatabase {
  const path = sqlitePath(url)
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  const file = new BetterSqlite(path, { timeout: BUSY_TIMEOUT })
  file.pragma('journal_mode = WAL')
  file.pragma('foreign_keys = ON')
  // FULL: an acknowledged write survives a power cut, not only a crash of the process
  file.pragma('synchronous = FULL')
  const version = file.prepare('pragma data_version').pluck()
  return { db: new Kysely<Tables>({ dialect: sqliteDialect(file) }), foreignWrites: () => version.get() as number }
}

/** Deletes the database's files; false if there was none. */
export function removeDatabase(url: string): boolean {
  const path = sqlitePath(url)
  const existed = existsSync(path)
  for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
  return existed
}
