/** How far a target has come; kept in the target, so that it changes with the rows that it speaks of. */
import { sql } from 'kysely'
import { MARK } from '../db/mark.ts'
import type { Db } from '../db/open.ts'
import type { ForeignKey } from './foreign-keys.ts'
import type { Key } from './rows.ts'

export interface Progress {
  /** by table: the last key that was copied, and whether that was the last of all */
  tables: Record<string, { last?: Key; isDone: boolean }>
  /** what the target has to get back in the end */
  foreign_keys: readonly ForeignKey[]
}

/** What the target's note says. */
export async function readProgress(db: Db): Promise<Progress> {
  const { rows } = await sql<{ progress: string }>`select progress from ${sql.table(MARK)}`.execute(db)
  return JSON.parse(rows[0]?.progress ?? '') as Progress
}

/** Notes how far the target has come. */
export async function writeProgress(db: Db, progress: Progress): Promise<void> {
  await sql`update ${sql.table(MARK)} set progress = ${JSON.stringify(progress)}`.execute(db)
}
