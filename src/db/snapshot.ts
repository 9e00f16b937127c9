/** One state of an SQLite database as one file of its own, made while others write, and checked. */
import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { MIGRATION_NAMES } from './migrate.ts'

/** What a database holds. */
export interface Contents {
  /** names of the migrations that have run, in order */
  migrations: readonly string[]
  /** how many rows each table has */
  rows: Readonly<Record<string, number>>
}

/** Pages copied at a time; between two portions others get their turn. */
const PORTION = 1000

/**
 * Copies a database as it is at this moment to a new file that only its owner can read. Others go on writing: the pages
 * are those of one read transaction, so that no write makes the copy begin anew. When this resolves the copy has been
 * checked and is on disk; when it rejects there is none.
 * @param onProgress called with how many of how many pages are done
 * @throws when `to` exists, `from` is no database of Latchkey, or the copy is not what was read
 */
export async function copySnapshot(
  from: string,
  to: string,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<Contents> {
  const source = openToRead(from)
  try {
    source.exec('begin')
    const contents = readContents(source, from)
    closeSync(openSync(to, 'wx', 0o600))
    try {
      await source.backup(to, {
        progress({ totalPages, remainingPages }) {
          onProgress(totalPages - remainingPages, totalPages)
          return PORTION
        },
      })
      checkCopy(to, contents)
      syncToDisk(to)
    } catch (error) {
      for (const file of [to, `${to}-journal`]) rmSync(file, { force: true })
      throw error
    }
    return contents
  } finally {
    source.close()
  }
}

/** Makes what was written to a file, or the names in a folder, survive a power cut. */
export function syncToDisk(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Makes the name of a file survive a power cut. */
export const syncFolderOf = (path: string) => syncToDisk(dirname(path))

function openToRead(path: string): BetterSqlite.Database {
  try {
    return new BetterSqlite(path, { readonly: true, fileMustExist: true })
  } catch (cause) {
    throw new Error(`${path} cannot be opened: ${(cause as Error).message}`, { cause })
  }
}

/** The table in which migrations are remembered. */
const MIGRATIONS = 'kysely_migration'

function readContents(file: BetterSqlite.Database, path: string): Contents {
  const pluck = (query: string) => file.prepare<[], unknown>(query).pluck()
  const tables = readingOf(path, () =>
    pluck("select name from sqlite_schema where type = 'table' and name not like 'sqlite!_%' escape '!'").all(),
  ) as string[]
  const migrations = tables.includes(MIGRATIONS)
    ? (pluck(`select name from ${MIGRATIONS} order by name`).all() as string[])
    : []
  if (migrations[0] !== MIGRATION_NAMES[0]) throw new Error(`${path} is not a database of Latchkey`)
  const count = (table: string) => pluck(`select count(*) from "${table}"`).get() as number
  return { migrations, rows: Object.fromEntries(tables.map((table) => [table, count(table)])) }
}

function readingOf<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string }
    throw new Error(`${path} ${code === 'SQLITE_NOTADB' ? 'is not a database' : `cannot be read: ${message}`}`, {
      cause,
    })
  }
}

/**
 * Holds a copy against what it was made from, and against SQLite's own rules.
 * @throws when anything differs
 */
function checkCopy(path: string, expected: Contents): void {
  const copy = new BetterSqlite(path, { fileMustExist: true })
  try {
    // without the write-ahead log of its source it is whole as one file, wherever it is carried
    copy.pragma('journal_mode = DELETE')
    const faults = copy.pragma('integrity_check(1)', { simple: true })
    if (faults !== 'ok') throw new Error(`the copy is damaged, as the database may be: ${faults}`)
    const dangling = copy.pragma('foreign_key_check') as { table: string }[]
    if (dangling[0])
      throw new Error(`the copy is damaged, as the database may be: rows of ${dangling[0].table} lead nowhere`)
    const found = readContents(copy, path)
    if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error('the copy does not hold what was read')
  } finally {
    copy.close()
  }
}
