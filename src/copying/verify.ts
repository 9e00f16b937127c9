/** Both sides held against each other, row by row as checksums. */
import type { Db } from '../db/open.ts'
import type { BothSums } from './changes.ts'
import { addToSum, emptySum, isSameSum, type Sum, type Sums } from './checksum.ts'
import type { Ends } from './ends.ts'
import { countRows, readPortions } from './rows.ts'
import type { CopiedTable } from './tables.ts'

/**
 * Reads both sides to the end.
 * @param state the source as it was when the target last caught up
 * @param onRows called with how many rows have been read
 * @throws when they differ
 */
export async function verifyAll(state: Db, ends: Ends, onRows: (count: number) => void): Promise<BothSums> {
  const source: Sums = new Map()
  const target: Sums = new Map()
  for (const table of ends.tables) {
    // the one works while the other waits
    const [ours, theirs] = await Promise.all([sumUp(state, table, onRows), sumUp(ends.target.db, table, onRows)])
    source.set(table.table, ours)
    target.set(table.table, theirs)
  }
  const sums = { source, target }
  refuseDifferences(ends, sums)
  return sums
}

async function sumUp(db: Db, table: CopiedTable, onRows: (count: number) => void): Promise<Sum> {
  const sum = emptySum()
  for await (const rows of readPortions(db, table)) {
    addToSum(sum, table, rows)
    onRows(rows.length)
  }
  return sum
}

/** @throws when the checksums of a table differ; says of which */
export function refuseDifferences({ source, target, tables }: Ends, sums: BothSums): void {
  const faults = tables.flatMap(({ table }) => {
    const ours = sums.source.get(table) ?? emptySum()
    const theirs = sums.target.get(table) ?? emptySum()
    if (isSameSum(ours, theirs)) return []
    return ours.count === theirs.count
      ? [`${table} (${ours.count} rows on both sides, with different contents)`]
      : [`${table} (${ours.count} rows here, ${theirs.count} there)`]
  })
  if (faults.length === 0) return
  throw new Error(
    `${target.shown} is not what ${source.shown} is, in ${faults.join(', ')}: db drop there, and copy it again`,
  )
}

/** Counts the rows on both sides anew: a write that went past the triggers shows here. @throws when the numbers are not those of the checksums */
export async function recount(state: Db, { target, tables }: Ends, sums: BothSums): Promise<void> {
  for (const table of tables) {
    const expected = sums.source.get(table.table)?.count ?? 0
    const [ours, theirs] = await Promise.all([countRows(state, table), countRows(target.db, table)])
    if (ours !== expected || theirs !== expected)
      throw new Error(`${table.table} has ${ours} rows here and ${theirs} there where ${expected} were expected`)
  }
}
