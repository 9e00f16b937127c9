import { sql } from 'kysely'
import { skippingHeld } from './dialect.ts'
import type { Db } from './open.ts'
import type { Tx } from './transaction.ts'

/** At most this many dead rows go with each write, so that the tables stay small without a janitor. */
const SWEEP = 20

/**
 * Removes a few rows that have expired.
 * @param key the primary key of the table
 * @param now epoch ms
 */
export async function sweep(
  db: Db | Tx,
  table: 'ephemeral' | 'heartbeats' | 'mail_ledger' | 'messages' | 'proofs' | 'requested_codes' | 'sign_in_codes',
  key: 'key' | 'id' | 'digest' | 'address' | 'request' | 'node',
  now: number,
): Promise<void> {
  const dead = db.selectFrom(table).select(key).where('expires_at', '<=', now).limit(sql.lit(SWEEP))
  await db.deleteFrom(table).where(key, 'in', skippingHeld(db, dead)).execute()
}
