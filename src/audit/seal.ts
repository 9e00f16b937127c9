/**
 * Giving events their places in the chain, after they were written. Were they to have one at once, each transaction that
 * writes an event would wait for the one before it; so only this waits, and nobody waits for this.
 */
import type { KeyObject } from 'node:crypto'
import { tryTurn } from '../db/dialect.ts'
import type { AuditCheckpointRow, AuditEventRow } from '../db/schema.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { findCheckpoint, findUnsealed, type Head, type Placed, placeEvents, prunedBy } from './chain.ts'
import { type Checkpoint, makeCheckpoint } from './checkpoint.ts'
import { findEnd, type Gap, placeGap } from './gap.ts'
import { type AuditKeys, findAuditKeys, isWritten, removeOldKeys } from './keys.ts'
import { BEGINNING, type Link, linkAfter } from './mac.ts'
import { pruneEvents } from './prune.ts'

type Needs = Pick<Deps, 'audit' | 'config' | 'db' | 'keys' | 'now'>

/** Events in one transaction: others wait for the database of SQLite for a few milliseconds. */
const BATCH = 256

/** How many old events leave at most with each batch. */
const PRUNED = 512

/** A checkpoint is made this often, in ms, while there is something new to say; old events leave as often. */
const CHECKPOINT_EVERY = 600_000

/** Of the checkpoints of each hour the last one stays, since it says all that those before it do. */
const HOUR = 3_600_000

/**
 * An event that says it was written so long, in ms, before the last one that was sealed was not there then. It is longer
 * than any transaction takes, and clocks of nodes differ.
 */
const LATE = 600_000

/**
 * What was written before this time is late where the chain ends so. A clock that was ahead, and was set back, leaves an end
 * in the future, beside which nothing would be in time until then.
 */
export const lateBefore = ({ at }: Pick<Head, 'at'>, now: number) => Math.min(at, now) - LATE

/** When it is time for a checkpoint: as usual; because this process ends; or because old events are still leaving. */
export type Moment = 'usual' | 'last' | 'pruning'

/** How far the chain has come, as far as somebody knows who is not the database. */
export interface Seen extends Head {
  /** events before this time had places and lost them; set until all of them have new ones */
  displaced?: number | undefined
}

/** What one batch came to. */
export interface Sealed {
  /** whether there may be more events to seal */
  isFull: boolean
  /** whether there may be more events to remove */
  isPruning: boolean
  /** where the chain is now; undefined if another process had the turn, which will see to everything */
  head?: Seen
  checkpoint?: Checkpoint
  /** what the log was found to have lost */
  gap?: Gap | undefined
}

/**
 * Seals one batch of events. When it is time, also removes some that are too old, and makes a checkpoint if there is
 * anything new to say; otherwise nothing is written.
 * @param seen how far the chain had come, as far as the caller knows; what the log's own checkpoint tells counts too
 */
export function sealEvents(deps: Needs, moment: Moment, seen?: Seen): Promise<Sealed> {
  return inTransaction(deps.db, async (tx) => {
    if (!(await tryTurn(tx, 'audit'))) return { isFull: false, isPruning: false }
    const keys = await findAuditKeys(tx, deps.audit)
    const newest = await findCheckpoint(tx, keys)
    const known = furtherOf(seen, newest)
    const { end, gap } = await findEnd(tx, keys, known, newest)
    const start = gap ? await placeGap(tx, deps, end, gap) : end
    const displaced = gap ? known.at + 1 : seen?.displaced
    const { head, isFull } = await placeUnsealed(
      tx,
      deps.audit.key,
      keys,
      start,
      displaced ?? lateBefore(end, deps.now()),
    )
    const ended = { isFull, head: { ...head, displaced: isFull ? displaced : undefined }, gap }
    const isDue = moment !== 'usual' || gap || !newest || deps.now() - newest.at >= CHECKPOINT_EVERY
    const pruned = isDue ? await pruneEvents(tx, deps, PRUNED) : undefined
    const isPruning = pruned !== undefined
    if (isPruning) await removeOldKeys(tx, deps)
    const isNews = isPruning || head.seq > (newest?.seq ?? 0)
    if (!isDue || !isNews) return { ...ended, isPruning }
    const checkpoint = await addCheckpoint(tx, deps, head, pruned ?? prunedBy(newest))
    return { ...ended, isPruning, checkpoint }
  })
}

/** Numbers only grow, so that the greater one is the later. */
function furtherOf(seen: Seen | undefined, checkpoint: AuditCheckpointRow | undefined): Seen {
  const told = checkpoint ? headOf(checkpoint) : { ...BEGINNING, at: 0 }
  return seen && seen.seq >= told.seq ? seen : told
}

/** How far the chain had come, as a checkpoint tells. */
export function headOf({ seq, head, at }: Checkpoint): Seen {
  return { seq, chain: head, at }
}

/** @param late what was written before is marked, epoch ms */
async function placeUnsealed(tx: Tx, key: KeyObject, keys: AuditKeys, start: Head, late: number) {
  const unsealed = await findUnsealed(tx, BATCH)
  let last = start
  const placed = unsealed.map((event): Placed => {
    const mark = isWritten(keys, event) ? markOf(event, late) : 'foreign'
    last = { ...linkAfter(key, last, { ...event, mark }), at: event.at }
    return { id: event.id, seq: last.seq, chain: last.chain, mark }
  })
  await placeEvents(tx, placed)
  return { head: last, isFull: placed.length === BATCH }
}

const markOf = ({ at }: AuditEventRow, late: number) => (at < late ? 'late' : null)

async function addCheckpoint(tx: Tx, deps: Needs, head: Link, pruned: Link): Promise<Checkpoint> {
  const checkpoint = makeCheckpoint(deps, head, pruned)
  const { at } = checkpoint
  await tx
    .deleteFrom('audit_checkpoints')
    .where('at', '>=', at - (at % HOUR))
    .execute()
  await tx.insertInto('audit_checkpoints').values(checkpoint).execute()
  return checkpoint
}
