import type { Insertable } from 'kysely'
import { inChunks } from '../db/chunks.ts'
import type { Tables } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'

/** Stores the hashes of accounts that have none yet. */
export async function insertHashes(tx: Tx, rows: readonly Insertable<Tables['passwords']>[]): Promise<void> {
  for (const chunk of inChunks(rows)) await tx.insertInto('passwords').values(chunk).execute()
}
