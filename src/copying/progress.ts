/** How far a target has come; kept in the target, so that it changes with the rows that it speaks of. */
import { sql } from 'kysely'
import { isPostgres } from '../db/dialect.ts'
import { MARK } from '../db/mark.ts'
import type { Db } from '../db/open.ts'
import type { ForeignKey } from './foreign-keys.ts'
import type { Key } from './rows.ts'

export interface Progress {
  /** the run that works on the target: who finds another one here has been relieved */
  run: string
  /** by table: the last key that was copied, and whether that was the last of all */
  tables: Record<string, { last?: Key; isDone: boolean }>
  /** what the target has to get back in the end */
  foreign_keys: readonly ForeignKey[]
}

/** What the target's note says; whoever else wants to change it waits for the end of the transaction. */
async function lockProgress(tx: Db): Promise<Progress> {
  const hold = isPostgres(tx) ? sql`for update` : sql``
  const { rows } = await sql<{ progress: string }>`select progress from ${sql.table(MARK)} ${hold}`.execute(tx)
  return JSON.parse(rows[0]?.progress ?? '{}') as Progress
}

/**
 * What the target's note says.
 * @throws when another run has taken the target over; two at once would undo each other's work
 */
export async function readProgress(tx: Db, run: string): Promise<Progress> {
  const progress = await lockProgress(tx)
  if (progress.run !== run)
    throw new Error('another db copy to this database was begun, and goes on in place of this one')
  return progress
}

/** Takes the target over from a run that was ended, or still works. */
export async function takeOver(tx: Db, run: string): Promise<void> {
  await writeProgress(tx, { ...(await lockProgress(tx)), run })
}

/** Notes how far the target has come. */
export async function writeProgress(tx: Db, progress: Progress): Promise<void> {
  await sql`update ${sql.table(MARK)} set progress = ${JSON.stringify(progress)}`.execute(tx)
}
