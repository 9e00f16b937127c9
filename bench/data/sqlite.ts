/** A population in an SQLite file. */
import { renameSync, rmSync } from 'node:fs'
import BetterSqlite, { type Statement } from 'better-sqlite3'
import { migrateUp } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'
import { COLUMNS, type Population, rowsOf } from './population.ts'

/** Rows in one transaction. */
const BATCH = 50_000

/** Makes the file; it is there under its name only once it is whole. */
export async function fillSqlite(path: string, population: Population): Promise<void> {
  const draft = `${path}.draft`
  rmSync(draft, { force: true })
  const { db } = openDatabase(`sqlite:${draft}`)
  await migrateUp(db)
  await db.destroy()

  const file = new BetterSqlite(draft)
  // a draft that a crash breaks is made anew
  for (const pragma of ['journal_mode = off', 'synchronous = off', 'foreign_keys = off', 'cache_size = -1000000'])
    file.pragma(pragma)
  await insertRows(file, population)
  file.exec('analyze')
  file.pragma('journal_mode = wal')
  file.close()
  renameSync(draft, path)
}

async function insertRows(file: BetterSqlite.Database, population: Population): Promise<void> {
  const statements = insertsInto(file)
  let count = 0
  file.exec('begin')
  for await (const { table, values } of rowsOf(population)) {
    statements[table].run(...values)
    count += 1
    if (count % BATCH === 0) file.exec('commit; begin')
  }
  file.exec('commit')
}

function insertsInto(file: BetterSqlite.Database) {
  const insert = (table: keyof typeof COLUMNS) =>
    file.prepare(`insert into ${table} (${COLUMNS[table]}) values (${COLUMNS[table].map(() => '?')})`)
  const tables = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]
  return Object.fromEntries(tables.map((table) => [table, insert(table)])) as Record<keyof typeof COLUMNS, Statement>
}
