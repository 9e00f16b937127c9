/** Another service's SQLite file, which is only read: the service may still be running. */
import BetterSqlite from 'better-sqlite3'
import { Kysely, sql } from 'kysely'
import { sqliteDialect } from '../../db/sqlite.ts'
import type { Row } from './row.ts'
import { type Source, Unreadable } from './source.ts'

/** What every database file of SQLite begins with. */
export const SQLITE_MAGIC = Buffer.from('SQLite format 3\0')

/** Tables whose columns are known only when the file is there. */
type Foreign = Kysely<Record<string, Record<string, unknown>>>

function openForeign(path: string): Foreign {
  try {
    return new Kysely({ dialect: sqliteDialect(new BetterSqlite(path, { readonly: true, fileMustExist: true })) })
  } catch (cause) {
    throw new Unreadable(`${path} cannot be opened: ${(cause as Error).message}`, { cause })
  }
}

/** The file's tables with their columns. */
export async function listTables({ path }: Source): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const db = openForeign(path)
  try {
    const tables = await db.introspection.getTables()
    return new Map(tables.map(({ name, columns }) => [name, new Set(columns.map((column) => column.name))]))
  } catch (cause) {
    throw new Unreadable(`${path} cannot be read: ${(cause as Error).message}`, { cause })
  } finally {
    await db.destroy()
  }
}

/** The rows of one table, in the order of their ids. */
export async function* readTable(source: Source, table: string): AsyncGenerator<Row> {
  const db = openForeign(source.path)
  try {
    const { total } = await db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    let line = 0
    for await (const members of db.selectFrom(table).selectAll().orderBy(sql`rowid`).stream()) {
      line += 1
      source.share = line / total
      yield { line, members }
    }
  } catch (cause) {
    throw new Unreadable(`${source.path} cannot be read: ${(cause as Error).message}`, { cause })
  } finally {
    await db.destroy()
  }
}
