/**
 * What the log has lost. Who seals remembers how far the chain had come; when that is no longer there, the chain goes on
 * beyond it, with an event that says so.
 */
import type { Db } from '../db/open.ts'
import type { AuditCheckpointRow, AuditEventRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { SYSTEM } from './actor.ts'
import { displaceEvents, findChainAt, findHead, type Head, prunedBy } from './chain.ts'
import { type AuditKeys, isWritten } from './keys.ts'
import { type Link, linkAfter } from './mac.ts'
import { rowOf } from './record.ts'

/** An end of the chain that somebody has seen, and that is no longer there. */
export interface Gap {
  /** the numbers that are missing; more may be, up to the last event that there is */
  first: number
  last: number
  /** what the chain had come to with the last of them */
  head: string
}

/** Nobody seals so many events between two looks: a greater number was not given by the service. */
const FURTHEST = 2 ** 32

type Needs = Pick<Deps, 'audit' | 'now'>

/**
 * Where the chain goes on, and what it has lost since it was last seen.
 * @param seen the end that is known: remembered, or told by a checkpoint that is genuine
 * @param checkpoint the newest one, if it is genuine
 */
export async function findEnd(
  tx: Tx,
  keys: AuditKeys,
  seen: Link,
  checkpoint: AuditCheckpointRow | undefined,
): Promise<{ end: Head; gap?: Gap }> {
  const end = await findPossibleHead(tx, checkpoint, seen.seq + FURTHEST)
  if (seen.seq === 0 || (await holds(tx, seen, checkpoint)) || (await isTold(tx, keys, seen))) return { end }
  const first = Math.min(end.seq + 1, seen.seq)
  return { end, gap: { first, last: seen.seq, head: seen.chain } }
}

/** Numbers that cannot be would leave no room for the next ones. */
async function findPossibleHead(tx: Tx, checkpoint: AuditCheckpointRow | undefined, furthest: number): Promise<Head> {
  const head = await findHead(tx, checkpoint)
  if (Number.isSafeInteger(head.seq) && head.seq <= furthest) return head
  await displaceEvents(tx, furthest)
  return findHead(tx, checkpoint)
}

/** Whether the end that was seen is still in the chain, or has left for its age. */
async function holds(db: Db | Tx, { seq, chain }: Link, checkpoint: AuditCheckpointRow | undefined): Promise<boolean> {
  const pruned = prunedBy(checkpoint)
  if (pruned.seq > seq) return true
  return (pruned.seq === seq ? pruned.chain : await findChainAt(db, seq)) === chain
}

/** Whether another process has already said of this end that it is gone. */
async function isTold(db: Db | Tx, keys: AuditKeys, { seq }: Link): Promise<boolean> {
  const told = await db
    .selectFrom('audit_events')
    .selectAll()
    .where('action', '=', 'audit.gap')
    .where('seq', '>', seq)
    .execute()
  return told.some((event) => {
    if (!isWritten(keys, event)) return false
    const { first, last } = readGap(event)
    return first <= seq && seq <= last
  })
}

/** Adds the event that tells of a gap, in its place: beyond every number that was ever given. */
export async function placeGap(tx: Tx, deps: Needs, end: Head, gap: Gap): Promise<Head> {
  const row = rowOf(deps, { action: 'audit.gap', actor: SYSTEM, details: { ...gap } })
  const link = linkAfter(deps.audit.key, beforeGap(gap, end), { ...row, mark: null })
  await tx
    .insertInto('audit_events')
    .values({ ...row, ...link, mark: null })
    .execute()
  return { ...link, at: row.at }
}

/** What the event that tells of a gap follows: the end that was lost, unless the chain has come further without it. */
export function beforeGap({ last, head }: Gap, end: Link): Link {
  return end.seq >= last ? end : { seq: last, chain: head }
}

/** What such an event tells. */
export function readGap({ details }: Pick<AuditEventRow, 'details'>): Gap {
  return JSON.parse(details ?? '{}') as Gap
}
