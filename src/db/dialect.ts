/** What differs between the databases; the one place that knows. */
import type { Database as SqliteFile } from 'better-sqlite3'
import {
  type CreateTableBuilder,
  type Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteStatement,
  sql,
} from 'kysely'
import type { Tables } from './schema.ts'
import { sqliteDriver } from './sqlite-driver.ts'

/** Adds a 64-bit integer primary key whose values are never used twice, not even after a deletion. */
export function autoIncrement(_db: Kysely<unknown>, table: CreateTableBuilder<string>, column: string) {
  return table.addColumn(column, 'integer', (definition) => definition.primaryKey().autoIncrement())
}

/** Kysely's SQLite dialect over one connection that keeps its prepared statements. */
export function sqliteDialect(file: SqliteFile): SqliteDialect {
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
  })({ database })
}

/** How many distinct statements are kept; lists of varying length make more than a handful of texts. */
const MAX_STATEMENTS = 500

/** Parsing a statement costs more than running most of ours, so each text is prepared once. */
function preparedOnce(file: SqliteFile): SqliteDatabase {
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

const SQLITE_UNIQUE = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'])

/**
 * The column whose uniqueness an error says was violated, or undefined if the error says something else.
 * @param candidates the columns to look for
 */
export function violatedUnique<T extends string>(error: unknown, candidates: readonly T[]): T | undefined {
  const { code, message = '' } = error as { code?: string; message?: string }
  if (!code || !SQLITE_UNIQUE.has(code)) return undefined
  return candidates.find((column) => message.includes(`.${column}`))
}

/** Whether the database, rather than the statement, is at fault: locked, full, unreadable, gone. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB)/.test(code)
}

/** The highest id that a table has ever given out, deleted rows included; 0 if none. */
export async function highestId(db: Kysely<Tables>, table: string): Promise<number> {
  const { rows } = await sql<{ seq: number }>`select seq from sqlite_sequence where name = ${table}`.execute(db)
  return rows[0]?.seq ?? 0
}
