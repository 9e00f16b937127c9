/** What is copied: every table of the service. */
import type { Db } from '../db/open.ts'
import { TABLE_FACTS } from '../db/tables.ts'
import type { Keyed } from '../db/triggers.ts'

/** Tables that the migrations fill, so that one with rows is still as good as empty. */
const FILLED_BY_MIGRATIONS = Object.entries(TABLE_FACTS).flatMap(([table, { copied }]) =>
  copied === 'prefilled' ? [table] : [],
)

export interface CopiedTable {
  table: string
  key: readonly string[]
  /** all columns, in alphabetical order */
  columns: readonly string[]
  /** whether it numbers its rows itself */
  counts: boolean
  /** whether the migrations put rows into it */
  prefilled: boolean
}

/** The tables with nothing but what their names say; enough for locks and triggers. */
export const KEYED: readonly Keyed[] = Object.entries(TABLE_FACTS).map(([table, { key }]) => ({ table, key }))

export { TABLES } from '../db/tables.ts'

/**
 * The tables as they are in a database.
 * @throws when one is missing
 */
export async function readTables(db: Db): Promise<CopiedTable[]> {
  const found = await db.introspection.getTables()
  return KEYED.map(({ table, key }) => {
    const columns = found.find(({ name }) => name === table)?.columns
    if (!columns) throw new Error(`there is no table ${table}`)
    return {
      table,
      key,
      columns: columns.map(({ name }) => name).sort(),
      counts: columns.some(({ isAutoIncrementing }) => isAutoIncrementing),
      prefilled: FILLED_BY_MIGRATIONS.includes(table),
    }
  })
}
