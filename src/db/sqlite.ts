/** One SQLite file: how it is opened, watched and deleted. */
import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { SqliteAdapter, type SqliteDatabase, SqliteDialect, SqliteQueryCompiler, type SqliteStatement } from 'kysely'
import { holdThread } from '../operation/hold.ts'
import { sqliteDriver } from './sqlite-driver.ts'

/** How long the opening waits for other processes, in ms. */
const BUSY_TIMEOUT = 5000

/** How long a process that was turned away waits before it asks again, in ms. */
const RETRY_PAUSE = 10

/** The file that a `sqlite:` URL names. */
export function sqlitePath(url: string): string {
  return url.slice('sqlite:'.length)
}

/** Kysely's SQLite dialect over one connection that keeps its prepared statements. */
export function sqliteDialect(file: BetterSqlite.Database): SqliteDialect {
  const database = preparedOnce(file)
  return new (class extends SqliteDialect {
    override createAdapter() {
      return new (class extends SqliteAdapter {
        /** SQLite does roll back DDL; with this, a migration is all or nothing and two starting processes queue. */
        override get supportsTransactionalDdl() {
          return true
        }
        /** There is one connection, but our driver lets requests take turns by itself. */
        override get supportsMultipleConnections() {
          return true
        }
      })()
    }
    override createDriver() {
      return sqliteDriver(file, database.prepare)
    }
    override createQueryCompiler() {
      return new (class extends SqliteQueryCompiler {
        /**
         * An operand instead of a bare `?`: SQLite plans a join anew for each value that it sees bound to an indexed
         * column (sqlite.org/c3ref/prepare.html), at ten times the cost of running it.
         */
        protected override getCurrentParameterPlaceholder() {
          return '+?'
        }
      })()
    }
  })({ database })
}

/** How many distinct statements are kept; lists of varying length make more than a handful of texts. */
const MAX_STATEMENTS = 500

/** Parsing a statement costs more than running most of ours, so each text is prepared once. */
function preparedOnce(file: BetterSqlite.Database): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>()
  return {
    close: () => file.close(),
    prepare(text) {
      // Every transaction here writes. A deferred one that turns to writing after another process has written
      // fails at once, whatever the busy timeout; an immediate one waits its turn.
      const sql = text === 'begin' ? 'begin immediate' : text
      const known = statements.get(sql)
      if (known) return known
      const statement = file.prepare<unknown[], unknown>(sql) as unknown as SqliteStatement
      if (statements.size >= MAX_STATEMENTS) statements.clear()
      statements.set(sql, statement)
      return statement
    },
  }
}

/** The part of the wal-index that every commit of any connection changes (sqlite.org/walformat.html, section 2.2), in bytes. */
const WAL_INDEX_HEADER = 48

/**
 * SQLite's own counter of other connections' commits, asked only when anybody has committed at all: it takes and gives
 * back locks, which a profile showed as a quarter of an authenticated request's time, where reading 48 bytes takes a
 * third as long. A header that is being written while it is read differs from the last one, and the counter decides.
 */
export function countForeignWrites(file: BetterSqlite.Database): () => number {
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

/** Tells whether a file that is open is still the one of its name; deleted, it can be written to and never found again. */
export function watchPlace(file: BetterSqlite.Database): () => boolean {
  if (file.memory) return () => true
  const inode = () => statSync(file.name, { bigint: true, throwIfNoEntry: false })?.ino
  const opened = inode()
  return () => opened !== undefined && inode() === opened
}

/**
 * Opens the file, creating it and its folder when they are missing.
 * @throws when it cannot be opened or is not a database
 */
export function openFile(path: string): BetterSqlite.Database {
  try {
    if (path !== ':memory:') createForOwner(path)
    const file = new BetterSqlite(path, { timeout: BUSY_TIMEOUT })
    useWriteAheadLog(file)
    file.pragma('foreign_keys = ON')
    // FULL: an acknowledged write survives a power cut, not only a crash of the process
    file.pragma('synchronous = FULL')
    // what is deleted is overwritten, and free pages hold nobody's address; `fast` would leave those as they are
    file.pragma('secure_delete = ON')
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
      holdThread(RETRY_PAUSE)
    }
  }
}

/** Whether there is something at the place that a URL names; a database in memory is not there before it is opened. */
export function fileExists(url: string): boolean {
  const path = sqlitePath(url)
  return path !== ':memory:' && existsSync(path)
}

/** What every database file of SQLite begins with; one that nothing was written to is empty. */
const MAGIC = 'SQLite format 3\0'

/** Whether a path leads to a database, be it an empty one. */
export function isDatabase(path: string): boolean {
  if (!statSync(path).isFile()) return false
  const head = Buffer.alloc(MAGIC.length)
  const file = openSync(path, 'r')
  try {
    return readSync(file, head) === 0 || head.toString('latin1') === MAGIC
  } finally {
    closeSync(file)
  }
}
