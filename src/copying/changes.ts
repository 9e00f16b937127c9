/** What was written to the source since the last look, brought into the target. */
import { sql } from 'kysely'
import { hasTable } from '../db/dialect.ts'
import { CHANGES } from '../db/mark.ts'
import type { Db } from '../db/open.ts'
import { addToSum, type Sums, sumOf } from './checksum.ts'
import type { Ends } from './ends.ts'
import { readProgress } from './progress.ts'
import { deleteRows, insertRows, type Key, readRows } from './rows.ts'
import type { CopiedTable } from './tables.ts'

/** So many keys are looked at together. */
const CHUNK = 256

/** The checksums of both sides, which are kept in step with what changes. */
export interface BothSums {
  source: Sums
  target: Sums
}

/**
 * Makes the target what the source is in `state`, as far as it has been copied. Stale rows go before fresh ones come, so
 * that a name that passed from one account to another is never there twice.
 * @returns how many rows have changed
 */
export async function catchUp(state: Db, { target, tables, run }: Ends, sums?: BothSums): Promise<number> {
  // a source that was closed has no changes any more
  if (!(await hasTable(state, CHANGES))) return 0
  let count = 0
  await target.db.transaction().execute(async (tx) => {
    await readProgress(tx, run)
    for (const table of tables)
      for await (const keys of changedKeys(state, table)) {
        if (sums) await takeOut(tx, table, keys, sums)
        await deleteRows(tx, table, keys)
        count += keys.length
      }
    for (const table of tables)
      for await (const keys of changedKeys(state, table)) {
        const rows = await readRows(state, table, keys)
        await insertRows(tx, table, rows)
        if (sums) {
          addToSum(sumOf(sums.source, table.table), table, rows)
          addToSum(sumOf(sums.target, table.table), table, await readRows(tx, table, keys))
        }
      }
  })
  return count
}

/** Both sides had the same rows here when they were compared. */
async function takeOut(tx: Db, table: CopiedTable, keys: readonly Key[], { source, target }: BothSums): Promise<void> {
  const stale = await readRows(tx, table, keys)
  for (const sums of [source, target]) addToSum(sumOf(sums, table.table), table, stale, -1)
}

async function* changedKeys(state: Db, { table }: CopiedTable): AsyncGenerator<readonly Key[]> {
  for (let last = ''; ; ) {
    const { rows } = await sql<{ key: string }>`select distinct key from ${sql.table(CHANGES)}
      where table_name = ${table} and key > ${last} order by key limit ${sql.lit(CHUNK)}`.execute(state)
    if (rows.length > 0) yield rows.map(({ key }) => JSON.parse(key) as Key)
    if (rows.length < CHUNK) return
    last = rows.at(-1)?.key ?? ''
  }
}

/**
 * Removes the notes of changes that `state` has, once the target has them too. By their numbers one for one: on
 * PostgreSQL a smaller number may become visible after a greater one.
 */
export async function forgetChanges(state: Db, source: Db): Promise<void> {
  if (!(await hasTable(state, CHANGES))) return
  for (let last = 0; ; ) {
    const { rows } = await sql<{ id: number }>`select id from ${sql.table(CHANGES)}
      where id > ${last} order by id limit ${sql.lit(CHUNK)}`.execute(state)
    if (rows.length === 0) return
    await sql`delete from ${sql.table(CHANGES)} where id in (${sql.join(rows.map(({ id }) => id))})`.execute(source)
    last = rows.at(-1)?.id ?? 0
  }
}
