/** Rows of any of the tables, read and written the same way in either database. */
import { type RawBuilder, sql } from 'kysely'
import { isPostgres } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
import type { CopiedTable } from './tables.ts'

export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>
export type Key = readonly Value[]

/** So many rows are read and written at a time. */
const PORTION = 2000

const listed = (columns: readonly string[]) => sql.join(columns.map((column) => sql.ref(column)))

/** The key of a row. */
export const keyOf = ({ key }: CopiedTable, row: Row): Key => key.map((column) => row[column] ?? null)

/** How many rows there are. */
export async function countRows(db: Db, { table }: CopiedTable): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(db)
  return Number(rows[0]?.count)
}

/** The rows behind a key in the order of keys, portion by portion; from the first one without a key. */
export async function* readPortions(db: Db, table: CopiedTable, after?: Key): AsyncGenerator<readonly Row[]> {
  for (let last = after; ; ) {
    const rows = await readBehind(db, table, last)
    if (rows.length > 0) yield rows
    const end = rows.at(-1)
    if (!end || rows.length < PORTION) return
    last = keyOf(table, end)
  }
}

async function readBehind(db: Db, { table, key, columns }: CopiedTable, after?: Key): Promise<readonly Row[]> {
  const behind = after ? sql`where (${listed(key)}) > (${sql.join(after)})` : sql``
  const query = sql<Row>`select ${listed(columns)} from ${sql.table(table)} ${behind}
    order by ${listed(key)} limit ${sql.lit(PORTION)}`
  return (await query.execute(db)).rows
}

/** The rows with these keys, as far as there are any. */
export async function readRows(db: Db, { table, key, columns }: CopiedTable, keys: readonly Key[]) {
  const query = sql<Row>`select ${listed(columns)} from ${sql.table(table)} where ${isOneOf(key, keys)}`
  return (await query.execute(db)).rows
}

/** Deletes the rows with these keys. */
export async function deleteRows(db: Db, { table, key }: CopiedTable, keys: readonly Key[]): Promise<void> {
  await sql`delete from ${sql.table(table)} where ${isOneOf(key, keys)}`.execute(db)
}

function isOneOf(columns: readonly string[], keys: readonly Key[]): RawBuilder<unknown> {
  const [only, ...more] = columns
  if (only !== undefined && more.length === 0)
    return sql`${sql.ref(only)} in (${sql.join(keys.map(([value]) => sql`${value}`))})`
  const isKey = (key: Key) =>
    sql.join(
      columns.map((column, index) => sql`${sql.ref(column)} = ${key[index]}`),
      sql` and `,
    )
  return sql.join(
    keys.map((key) => sql`(${isKey(key)})`),
    sql` or `,
  )
}

/**
 * Inserts rows; those whose key is there already are left out. As one JSON document, since a parameter for each value
 * would take most of the time.
 * @throws when a text holds what the database cannot
 */
export async function insertRows(db: Db, copied: CopiedTable, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  const { table, key, columns } = copied
  const document = JSON.stringify(rows)
  if (isPostgres(db) && document.includes('\\u0000')) refuseNul(copied, rows)
  const source = isPostgres(db)
    ? sql`select ${listed(columns)} from json_populate_recordset(null::${sql.table(table)}, ${document})`
    : sql`select ${sql.join(columns.map((column) => sql`value ->> ${sql.lit(column)}`))} from json_each(${document}) where true`
  await sql`insert into ${sql.table(table)} (${listed(columns)}) ${source}
    on conflict (${listed(key)}) do nothing`.execute(db)
}

/** SQLite's text may hold a NUL, PostgreSQL's may not. */
function refuseNul(copied: CopiedTable, rows: readonly Row[]): void {
  for (const row of rows)
    for (const column of copied.columns)
      if (String(row[column]).includes('\0'))
        throw new Error(
          `PostgreSQL cannot hold the NUL character in ${copied.table}.${column} of ${JSON.stringify(keyOf(copied, row))}`,
        )
}
