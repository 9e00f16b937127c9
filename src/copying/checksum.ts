/** Checksums of sets of rows. */
import { hash } from 'node:crypto'
import type { Row } from './rows.ts'
import type { CopiedTable } from './tables.ts'

/** How many rows, and the exclusive or of their SHA-256, so that rows can be taken out again. */
export interface Sum {
  count: number
  digest: Buffer
}

/** By table. */
export type Sums = Map<string, Sum>

/** The checksum of no rows. */
export const emptySum = (): Sum => ({ count: 0, digest: Buffer.alloc(32) })

/**
 * Counts rows in, or out with a `sign` of -1. The order does not matter: databases sort text differently. Keys are part
 * of the rows, so that no row is there twice and cancels itself out.
 */
export function addToSum(sum: Sum, { columns }: CopiedTable, rows: readonly Row[], sign: 1 | -1 = 1): void {
  for (const row of rows) {
    const digest = hash('sha256', JSON.stringify(columns.map((column) => row[column])), 'buffer')
    for (let index = 0; index < digest.length; index += 1)
      sum.digest[index] = (sum.digest[index] ?? 0) ^ (digest[index] ?? 0)
    sum.count += sign
  }
}

/** Whether both are of the same rows. */
export const isSameSum = (one: Sum, other: Sum) => one.count === other.count && one.digest.equals(other.digest)

/** The checksum of a table among others. */
export function sumOf(sums: Sums, table: string): Sum {
  const known = sums.get(table) ?? emptySum()
  sums.set(table, known)
  return known
}
