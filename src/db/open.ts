import { closeSync, existsSync, mkdirSync, openSync, readSync, rmSync, statSync } from 'node:fs'
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

/** How long the opening waits for other processes, in ms. */
const BUSY_TIMEOUT = 5000

/** How long a process that was turned away waits before it asks again, in ms. */
const RETRY_PAUSE = 10

/** The file that a `sqlite:` URL names. */
export function sqlitePath(url: string): string {
  return url.slice('sqlite:'.length)
}

/**
 * Opens the database that a URL names, creating its file and folder when they are missing.
 * @throws when the file cannot be opened or is not a database
 */
export function openDatabase(url: string): OpenDatabase {
  const file = openFile(sqlitePath(url))
  const foreignWrites = countForeignWrites(file)
  // from here on the driver waits for other processes, and nobody with it
  file.pragma('busy_timeout = 0')
  return { db: new Kysely<Tables>({ dialect: sqliteDialect(file) }), foreignWrites }
}

/** The part of the wal-index that every commit of any connection changes (sqlite.org/walformat.html, section 2.2), in bytes. */
const WAL_INDEX_HEADER = 48

/**
 * SQLite's own counter of other connections' commits, asked only when anybody has committed at all: it takes and gives
 * back locks, which a profile showed as a quarter of an authenticated request's time, where reading 48 bytes takes a
 * third as long. A header that is being written while it is read differs from the last one, and the counter decides.
 */
function countForeignWrites(file: BetterSqlite.Database): () => number {
  const counter = file.prepare('pragma data_version').pluck()
  // asked before the wal-index is looked for: in a new database it appears with the first question
  let count = counter.get() as number
  const ask = () => {
    try {
      return counter.get() as number
    } catch {
      // locked or unreadable: the same as nothing that was seen before
      return Number.NaN
    }
  }
  const index = `${file.name}-shm`
  if (!existsSync(index)) return ask
  // Never closed: POSIX drops a process's locks on a file when it closes any descriptor of it, SQLite's included.
  const descriptor = openSync(index, 'r')
  const header = Buffer.alloc(WAL_INDEX_HEADER)
  const seen = Buffer.alloc(WAL_INDEX_HEADER)
  return () => {
    readSync(descriptor, header, 0, WAL_INDEX_HEADER, 0)
    if (header.equals(seen)) return count
    count = ask()
    if (!Number.isNaN(count)) header.copy(seen)
    return count
  }
}

function openFile(path: string): BetterSqlite.Database {
  try {
    if (path !== ':memory:') createForOwner(path)
    const file = new BetterSqlite(path, { timeout: BUSY_TIMEOUT })
    useWriteAheadLog(file)
    file.pragma('foreign_keys = ON')
    // FULL: an acknowledged write survives a power cut, not only a crash of the process
    file.pragma('synchronous = FULL')
    return file
  } catch (cause) {
    throw new Error(`the database ${path} cannot be opened: ${(cause as Error).message}`, { cause })
  }
}

/** Makes the file and its folder if they are missing, for nobody but their owner: they hold what passwords became. */
function createForOwner(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
}

/**
 * Turns the write-ahead log on. Of two processes that do so on a new file at once SQLite lets one wait and turns the
 * other away without asking its busy timeout, so that one asks again.
 */
function useWriteAheadLog(file: BetterSqlite.Database): void {
  const end = performance.now() + BUSY_TIMEOUT
  for (;;) {
    try {
      file.pragma('journal_mode = WAL')
      return
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || performance.now() > end) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_PAUSE)
    }
  }
}

/** Whether there is something at the place that a URL names; a database in memory is not there before it is opened. */
export function databaseExists(url: string): boolean {
  const path = sqlitePath(url)
  return path !== ':memory:' && existsSync(path)
}

/**
 * Deletes the database's files and nothing else; false if there was none.
 * @throws when the path leads to something that is not a database
 */
export function removeDatabase(url: string): boolean {
  const path = sqlitePath(url)
  if (!databaseExists(url)) return false
  if (!isDatabase(path)) throw new Error(`${path} is not a database: nothing was deleted`)
  for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`]) rmSync(file, { force: true })
  return true
}

/** What every database file of SQLite begins with; one that nothing was written to is empty. */
const MAGIC = 'SQLite format 3\0'

function isDatabase(path: string): boolean {
  if (!statSync(path).isFile()) return false
  const head = Buffer.alloc(MAGIC.length)
  const file = openSync(path, 'r')
  try {
    return readSync(file, head) === 0 || head.toString('latin1') === MAGIC
  } finally {
    closeSync(file)
  }
}
