/** The table of messages: written in pieces, and on PostgreSQL in turns. */
import { inChunks } from '../db/chunks.ts'
import { takeTurn } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'

/** What one node tells the others. */
export interface Message {
  channel: string
  body: string
}

/**
 * Writes messages, in pieces: after an outage there may be more than a statement can hold.
 * @returns their ids
 */
export async function insertMessages(db: Db | Tx, messages: readonly Message[], expires_at: number): Promise<number[]> {
  const ids: number[] = []
  for (const chunk of inChunks(messages)) {
    const rows = chunk.map((message) => ({ ...message, expires_at }))
    for (const { id } of await db.insertInto('messages').values(rows).returning('id').execute()) ids.push(id)
  }
  return ids
}

/** The same for a database whose transactions run beside one another. */
export function insertInTurn(db: Db, messages: readonly Message[], expires_at: number): Promise<number[]> {
  return inTransaction(db, async (tx) => {
    await takeTurn(tx, 'messages')
    return insertMessages(tx, messages, expires_at)
  })
}

/** The id of the newest message, 0 where there is none. */
export async function newestMessage(db: Db): Promise<number> {
  const row = await db
    .selectFrom('messages')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst()
  return row?.id ?? 0
}
