import type { Db } from '../db/open.ts'
import type { Ends } from './ends.ts'
import { type Progress, readProgress, writeProgress } from './progress.ts'
import { insertRows, keyOf, type Row, readPortions } from './rows.ts'
import type { CopiedTable } from './tables.ts'

/**
 * Copies what has not been copied yet, in transactions that also note how far they came.
 * @param state the source as it was when the target last caught up
 * @param onRows called with how many rows have been written
 */
export async function fillTarget(state: Db, { target, tables }: Ends, onRows: (count: number) => void): Promise<void> {
  const progress = await readProgress(target.db)
  for (const table of tables) {
    const { last, isDone = false } = progress.tables[table.table] ?? {}
    if (isDone) continue
    // the next portion is read while one is written
    let writing = Promise.resolve()
    for await (const rows of readPortions(state, table, last)) {
      await writing
      const written = writePortion(target.db, table, rows, progress)
      written.catch(() => {})
      writing = written.then(() => onRows(rows.length))
      writing.catch(() => {})
    }
    await writing
    progress.tables[table.table] = { isDone: true }
    await writeProgress(target.db, progress)
  }
}

function writePortion(db: Db, table: CopiedTable, rows: readonly Row[], progress: Progress): Promise<void> {
  const end = rows.at(-1)
  if (end) progress.tables[table.table] = { last: keyOf(table, end), isDone: false }
  const noted = { ...progress, tables: { ...progress.tables } }
  return db.transaction().execute(async (tx) => {
    await insertRows(tx, table, rows)
    await writeProgress(tx, noted)
  })
}
