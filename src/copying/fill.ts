import type { Db } from '../db/open.ts'
import type { Ends } from './ends.ts'
import { readProgress, writeProgress } from './progress.ts'
import { insertRows, keyOf, type Row, readPortions } from './rows.ts'
import type { CopiedTable } from './tables.ts'

/**
 * Copies what has not been copied yet, in transactions that also note how far they came.
 * @param state the source as it was when the target last caught up
 * @param onRows called with how many rows have been written
 */
export async function fillTarget(state: Db, ends: Ends, onRows: (count: number) => void): Promise<void> {
  const { target, tables, run } = ends
  const done = await target.db.transaction().execute((tx) => readProgress(tx, run))
  for (const table of tables) {
    const { last, isDone = false } = done.tables[table.table] ?? {}
    if (isDone) continue
    // the next portion is read while one is written
    let writing = Promise.resolve()
    for await (const rows of readPortions(state, table, last)) {
      await writing
      writing = writePortion(ends, table, rows).then(() => onRows(rows.length))
      writing.catch(() => {})
    }
    await writing
    await writePortion(ends, table, [])
  }
}

/** No rows: the table has no more. */
function writePortion({ target, run }: Ends, table: CopiedTable, rows: readonly Row[]): Promise<void> {
  return target.db.transaction().execute(async (tx) => {
    const progress = await readProgress(tx, run)
    await insertRows(tx, table, rows)
    const end = rows.at(-1)
    progress.tables[table.table] = end ? { last: keyOf(table, end), isDone: false } : { isDone: true }
    await writeProgress(tx, progress)
  })
}
