/** Sealing everything anew under `JWT_KEY` that is still sealed under `JWT_KEY_PREVIOUS`. */
import { sql } from 'kysely'
import { OPERATOR } from '../audit/actor.ts'
import { retireAuditKeys } from '../audit/keys.ts'
import { recordEvent } from '../audit/record.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { readSealed, SEALED, type SealedColumn, type SealKeys } from './columns.ts'

/** What there was, by state. */
export interface SealCounts {
  table: string
  current: number
  previous: number
  /** neither key opens these: what they hold is lost, or waits for a third key */
  unknown: number
}

type Needs = Pick<Deps, 'audit' | 'db' | 'now'>

/** How much is sealed under which key. */
export async function countSealed(db: Deps['db'], keys: SealKeys): Promise<SealCounts[]> {
  return eachColumn(async (column, counts) => {
    for await (const { state } of readSealed(db, column, keys)) counts[state] += 1
  })
}

/**
 * Seals every row anew that is not under the first key. It may be broken off and run again, also while the service works: a row
 * that has changed meanwhile is left to who changed it.
 * @param onRow called for each row that was looked at
 * @returns what there was before
 */
export async function resealAll(deps: Needs, keys: SealKeys, onRow = () => {}): Promise<SealCounts[]> {
  await inTransaction(deps.db, (tx) => retireAuditKeys(tx, deps))
  const counted = await eachColumn(async (column, counts) => {
    for await (const { row, state, sealed } of readSealed(deps.db, column, keys)) {
      if (sealed !== undefined) await replace(deps.db, column, row.id, row.sealed, sealed)
      counts[state] += 1
      onRow()
    }
  })
  const rows = counted.reduce((sum, { previous }) => sum + previous, 0)
  if (rows > 0) await recordEvent(deps.db, deps, { action: 'key.reseal', actor: OPERATOR, details: { rows } })
  return counted
}

/** How many rows have something sealed in them. */
export async function countRows(db: Deps['db']): Promise<number> {
  let rows = 0
  for (const { table } of SEALED) {
    const found = await db
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow()
    rows += found.rows
  }
  return rows
}

async function eachColumn(work: (column: SealedColumn, counts: SealCounts) => Promise<void>): Promise<SealCounts[]> {
  const counted: SealCounts[] = []
  for (const column of SEALED) {
    const counts = { table: column.table, current: 0, previous: 0, unknown: 0 }
    await work(column, counts)
    counted.push(counts)
  }
  return counted
}

async function replace(
  db: Deps['db'],
  { table, column, key }: SealedColumn,
  id: string | number,
  was: string,
  sealed: string,
): Promise<void> {
  await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sealed}
    where ${sql.ref(key)} = ${id} and ${sql.ref(column)} = ${was}`.execute(db)
}
