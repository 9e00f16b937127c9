/** The database that `DATABASE_URL` names, whichever kind it is. */
import { type Dialect, Kysely } from 'kysely'
import type { Counts } from '../counts.ts'
import { measured } from './measured.ts'
import { postgresDialect } from './postgres.ts'
import { cutOthers, openPool, type PoolOptions } from './postgres-pool.ts'
import type { Tables } from './schema.ts'
import { withShortcut } from './shortcut.ts'
import { countForeignWrites, openFile, sqliteDialect, sqlitePath, watchPlace } from './sqlite.ts'

export type Db = Kysely<Tables>

/** How long the question for news waits for a connection, and for its answer, in ms. */
export const LINE_PATIENCE = 2000

/** The question for news has a connection to itself also while a heartbeat waits for its commit. */
const LINES = 2

/** An open database: the query builder and, on SQLite, a counter that changes when another process has written. */
export interface OpenDatabase {
  db: Db
  /** PostgreSQL: connections apart that wait for nobody and not for long, opened with the first query */
  line?: Db
  /** whether the file that was opened is still where the URL says; undefined where there is none */
  isInPlace?: () => boolean
  /** PostgreSQL: breaks the connections to a server of another timeline, whoever has them */
  stayWith?: (timeline: string) => void
  /** changes whenever a connection other than this one commits; undefined where the database has no such thing */
  foreignWrites?: () => number
}

interface Options extends PoolOptions {
  /** where to note how long it takes; not measured without */
  counts?: Counts['database'] | undefined
}

/** Whether the URL names a server of PostgreSQL; SQLAlchemy spells the scheme in full. */
export const isPostgresUrl = (url: string) => /^postgres(ql)?:/.test(url)

/**
 * Opens the database that a URL names. A file of SQLite is made when it is missing; PostgreSQL is connected to with the
 * first query.
 * @throws when the file cannot be opened or is not a database
 */
export function openDatabase(url: string, { counts, ...options }: Options = {}): OpenDatabase {
  const measuring = <D extends Dialect>(dialect: D) => (counts ? measured(dialect, counts) : dialect)
  if (isPostgresUrl(url)) {
    const pool = openPool(url, options)
    const lines = openPool(url, { pool: LINES, patience: LINE_PATIENCE })
    const open = (of: typeof pool) => new Kysely<Tables>({ dialect: measuring(postgresDialect(of)) })
    return { db: open(pool), line: open(lines), stayWith: (timeline) => [pool, lines].forEach(cutOthers(timeline)) }
  }
  const file = openFile(sqlitePath(url))
  const foreignWrites = countForeignWrites(file)
  // from here on the driver waits for other processes, and nobody with it
  file.pragma('busy_timeout = 0')
  const db = new Kysely<Tables>({ dialect: withShortcut(measuring(sqliteDialect(file))) })
  return { db, isInPlace: watchPlace(file), foreignWrites }
}

/** The file that a URL names; undefined where it names a server or keeps everything in memory. */
export function databaseFile(url: string): string | undefined {
  return isPostgresUrl(url) || url === 'sqlite::memory:' ? undefined : sqlitePath(url)
}

/** The URL as it may be shown: without a password, and without the parameters, where there may be one too. */
export function shownUrl(url: string): string {
  if (!isPostgresUrl(url)) return url
  const { protocol, username, host, pathname } = new URL(url)
  return `${protocol}//${username && `${username}@`}${host}${pathname}`
}
