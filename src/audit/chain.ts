/** The chain at rest: where it is, and what still has to get into it. */
import { sql } from 'kysely'
import { inChunks } from '../db/chunks.ts'
import type { Db } from '../db/open.ts'
import type { AuditEventRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import type { Checkpoint } from './checkpoint.ts'
import { BEGINNING, type Link } from './mac.ts'

/** The last event that is in the chain. */
export async function findHead(db: Db | Tx): Promise<Link> {
  const last = await db
    .selectFrom('audit_events')
    .select(['seq', 'chain'])
    .where('seq', 'is not', null)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last ? toLink(last) : findPruned(db)
}

/** The last event that was in the chain and was removed for its age. */
export async function findPruned(db: Db | Tx): Promise<Link> {
  const row = await db
    .selectFrom('audit_checkpoints')
    .select(['pruned_seq as seq', 'pruned_head as chain'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? BEGINNING
}

/** The newest checkpoint. */
export function findCheckpoint(db: Db | Tx): Promise<Pick<Checkpoint, 'at' | 'seq'> | undefined> {
  return db.selectFrom('audit_checkpoints').select(['at', 'seq']).orderBy('id', 'desc').limit(1).executeTakeFirst()
}

/** The oldest events that are not in the chain. */
export function findUnsealed(db: Db | Tx, limit: number) {
  return db
    .selectFrom('audit_events')
    .select(['id', 'mac'])
    .where('seq', 'is', null)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Gives events their places. */
export async function placeEvents(tx: Tx, placed: readonly (Link & { id: string })[]): Promise<void> {
  for (const chunk of inChunks(placed)) {
    const rows = sql.join(chunk.map(({ id, seq, chain }) => sql`(${id}, ${seq}, ${chain})`))
    await sql`with placed (id, seq, chain) as (values ${rows})
      update audit_events set seq = cast(placed.seq as bigint), chain = placed.chain
      from placed where audit_events.id = placed.id`.execute(tx)
  }
}

/** The oldest events of the chain, in its order. */
export function findOldest(db: Db | Tx, limit: number) {
  return db
    .selectFrom('audit_events')
    .select(['seq', 'chain', 'at'])
    .where('seq', 'is not', null)
    .orderBy('seq')
    .limit(limit)
    .execute()
}

/** The place of an event that has one. */
export function toLink({ seq, chain }: Pick<AuditEventRow, 'seq' | 'chain'>): Link {
  return { seq: seq ?? 0, chain: chain ?? '' }
}
