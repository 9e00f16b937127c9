/**
 * Giving events their places in the chain, after they were written. Were they to have one at once, each transaction that
 * writes an event would wait for the one before it; so only this waits, and nobody waits for this.
 */
import { tryTurn } from '../db/dialect.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { findCheckpoint, findHead, findPruned, findUnsealed, placeEvents } from './chain.ts'
import { type Checkpoint, makeCheckpoint } from './checkpoint.ts'
import { type Link, linkAfter } from './mac.ts'
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

/** When it is time for a checkpoint: as usual; because this process ends; or because old events are still leaving. */
export type Moment = 'usual' | 'last' | 'pruning'

/** What one batch came to. */
export interface Sealed {
  /** whether there may be more events to seal */
  isFull: boolean
  /** whether there may be more events to remove */
  isPruning: boolean
  /** where the chain is now; undefined if another process had the turn, which will see to everything */
  head?: Link
  checkpoint?: Checkpoint
}

/**
 * Seals one batch of events. When it is time, also removes some that are too old, and makes a checkpoint if there is
 * anything new to say; otherwise nothing is written.
 */
export function sealEvents(deps: Needs, moment: Moment): Promise<Sealed> {
  return inTransaction(deps.db, async (tx) => {
    if (!(await tryTurn(tx, 'audit'))) return { isFull: false, isPruning: false }
    const { head, isFull } = await placeUnsealed(tx, deps, await findHead(tx))
    const newest = await findCheckpoint(tx)
    const isDue = moment !== 'usual' || !newest || deps.now() - newest.at >= CHECKPOINT_EVERY
    const pruned = isDue ? await pruneEvents(tx, deps, PRUNED) : undefined
    const isPruning = pruned !== undefined
    const isNews = isPruning || head.seq > (newest?.seq ?? 0)
    if (!isDue || !isNews) return { isFull, isPruning, head }
    const checkpoint = await addCheckpoint(tx, deps, head, pruned ?? (await findPruned(tx)))
    return { isFull, isPruning, head, checkpoint }
  })
}

async function placeUnsealed(tx: Tx, { audit: { key } }: Needs, head: Link) {
  const unsealed = await findUnsealed(tx, BATCH)
  let last = head
  const placed = unsealed.map((event) => {
    last = linkAfter(key, last, event)
    return { id: event.id, ...last }
  })
  await placeEvents(tx, placed)
  return { head: last, isFull: placed.length === BATCH }
}

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
