/** The chain at rest: where it is, and what still has to get into it. */
import { sql } from 'kysely'
import { inChunks } from '../db/chunks.ts'
import type { Db } from '../db/open.ts'
import type { AuditCheckpointRow, AuditEventRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import { isOurs } from './checkpoint.ts'
import type { AuditKeys } from './keys.ts'
import { BEGINNING, type Link } from './mac.ts'

/** A place in the chain, and the time of the event that has it, epoch ms. */
export type Head = Link & { at: number }

/** An event with the place that it is to get. */
export type Placed = Link & Pick<AuditEventRow, 'id' | 'mark'>

/**
 * The last event that is in the chain.
 * @param checkpoint tells where an empty chain goes on
 */
export async function findHead(db: Db | Tx, checkpoint: AuditCheckpointRow | undefined): Promise<Head> {
  const last = await db
    .selectFrom('audit_events')
    .select(['seq', 'chain', 'at'])
    .where('seq', 'is not', null)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last ? { ...toLink(last), at: last.at } : prunedBy(checkpoint)
}

/** The checkpoint that has come furthest, of those that nobody has forged. */
export async function findCheckpoint(db: Db | Tx, keys: AuditKeys): Promise<AuditCheckpointRow | undefined> {
  for (let offset = 0; ; offset += 1) {
    const rows = db.selectFrom('audit_checkpoints').selectAll().orderBy('seq', 'desc').orderBy('id', 'desc')
    const row = await rows.limit(1).offset(offset).executeTakeFirst()
    if (!row || isOurs(keys, row)) return row
  }
}

/** The last event that was in the chain and was removed for its age, as a checkpoint tells, and when that was. */
export function prunedBy(checkpoint: AuditCheckpointRow | undefined): Head {
  if (!checkpoint) return { ...BEGINNING, at: 0 }
  return { seq: checkpoint.pruned_seq, chain: checkpoint.pruned_head, at: checkpoint.at }
}

/** What the chain has come to at a number, if there is an event of that number. */
export async function findChainAt(db: Db | Tx, seq: number): Promise<string | null | undefined> {
  const row = await db.selectFrom('audit_events').select('chain').where('seq', '=', seq).executeTakeFirst()
  return row?.chain
}

/** The oldest events that are not in the chain. */
export function findUnsealed(db: Db | Tx, limit: number): Promise<AuditEventRow[]> {
  return db.selectFrom('audit_events').selectAll().where('seq', 'is', null).orderBy('id').limit(limit).execute()
}

/** Gives events their places. */
export async function placeEvents(tx: Tx, placed: readonly Placed[]): Promise<void> {
  for (const chunk of inChunks(placed)) {
    const rows = sql.join(chunk.map(({ id, seq, chain, mark }) => sql`(${id}, ${seq}, ${chain}, ${mark})`))
    await sql`with placed (id, seq, chain, mark) as (values ${rows})
      update audit_events
      set seq = cast(placed.seq as bigint), chain = placed.chain, mark = cast(placed.mark as text)
      from placed where audit_events.id = placed.id`.execute(tx)
  }
}

/** Takes their places from events beyond a number. */
export async function displaceEvents(tx: Tx, beyond: number): Promise<void> {
  await tx.updateTable('audit_events').set({ seq: null, chain: null }).where('seq', '>', beyond).execute()
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
