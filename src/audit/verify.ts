/** Walking the log from its beginning to its end, and holding every row against what the service wrote. */
import type { Db } from '../db/open.ts'
import type { AuditCheckpointRow, AuditEventRow } from '../db/schema.ts'
import { toLink } from './chain.ts'
import { type Checkpoint, isGenuine } from './checkpoint.ts'
import { type Erasures, type Fault, trackErasures } from './erasures.ts'
import { type Findings, trackFindings } from './findings.ts'
import { beforeGap, readGap } from './gap.ts'
import { type AuditKeys, findAuditKeys, isPlacedAfter, isWritten } from './keys.ts'
import { BEGINNING, digestOf, type Link } from './mac.ts'
import { lateBefore } from './seal.ts'
import type { AuditTrail } from './trail.ts'

/** What there was to verify. */
export interface Verdict {
  /** what does not fit: nothing after it can be judged */
  fault?: Fault
  /** what the service itself noticed and marked: what was lost, came late, or was not its own */
  findings: readonly Fault[]
  /** such findings that an operator has said they know of */
  acknowledged: number
  /** how many events are in the chain, and how many are not yet */
  sealed: number
  unsealed: number
  checkpoints: number
  /** the last event that was removed for its age; 0 where none was */
  pruned: number
  /** the last event of the chain */
  last: number
}

/** Rows in one read. */
const PAGE = 1000

interface Walk {
  db: Db
  now: () => number
  keys: AuditKeys
  erased: Erasures
  found: Findings
  /** how far it has come */
  previous: Link
  /** when the last event of the chain was written, epoch ms */
  at: number
}

/**
 * Verifies everything: each event, its place, each checkpoint, and whether anything is missing.
 * @param shipped checkpoints that were kept elsewhere
 */
export async function verifyLog(
  { db, audit, now }: { db: Db; audit: Pick<AuditTrail, 'keys' | 'unseal'>; now: () => number },
  shipped: readonly Checkpoint[] = [],
): Promise<Verdict> {
  for (;;) {
    const keys = await findAuditKeys(db, audit)
    const walk = { db, now, keys, erased: trackErasures(), found: trackFindings(), previous: BEGINNING, at: 0 }
    const stored = await db.selectFrom('audit_checkpoints').selectAll().orderBy('id').execute()
    const verdict = await verifyFrom(walk, stored, shipped)
    // old events may have left meanwhile
    if (!verdict.fault || !(await hasBegunAnew(db, stored))) return verdict
  }
}

async function hasBegunAnew(db: Db, stored: readonly AuditCheckpointRow[]): Promise<boolean> {
  const row = await db
    .selectFrom('audit_checkpoints')
    .select(({ fn }) => fn.max('pruned_seq').as('pruned_seq'))
    .executeTakeFirst()
  return (row?.pruned_seq ?? 0) !== beginningOf(stored).seq
}

async function verifyFrom(
  walk: Walk,
  stored: readonly AuditCheckpointRow[],
  shipped: readonly Checkpoint[],
): Promise<Verdict> {
  const counts = { sealed: 0, unsealed: 0, checkpoints: stored.length + shipped.length, pruned: 0, last: 0 }
  const verdict: Verdict = { findings: [], acknowledged: 0, ...counts }
  const forged = findForged(walk, stored, shipped)
  if (forged) return { ...verdict, fault: forged }
  const start = beginningOf(stored)
  verdict.pruned = start.seq
  walk.previous = start
  const heads = headsOf([...stored, ...shipped], start)
  const fault =
    (await findLeftovers(walk.db, start)) ??
    (await walkChain(walk, heads, verdict)) ??
    (await walkUnsealed(walk, verdict)) ??
    // what was sealed between the two is in neither
    (await walkChain(walk, heads, verdict)) ??
    walk.erased.find()
  return { ...verdict, ...walk.found.judge(), ...(fault && { fault }) }
}

function findForged({ keys }: Walk, stored: readonly AuditCheckpointRow[], shipped: readonly Checkpoint[]) {
  const text = 'is a checkpoint that was altered or forged'
  const bad = stored.find((checkpoint) => !isGenuine(keys, checkpoint))
  if (bad) return { row: `audit_checkpoints ${bad.id}`, text }
  const line = shipped.findIndex((checkpoint) => !isGenuine(keys, checkpoint))
  return line === -1 ? undefined : { row: `line ${line + 1} of the checkpoints given`, text }
}

/** What the first event that should be there follows. */
function beginningOf(stored: readonly AuditCheckpointRow[]): Link {
  return stored
    .map(({ pruned_seq, pruned_head }) => ({ seq: pruned_seq, chain: pruned_head }))
    .reduce((furthest, link) => (link.seq > furthest.seq ? link : furthest), BEGINNING)
}

/** What the chain must have come to, by number; of what was pruned only the end can still be told. */
function headsOf(checkpoints: readonly Checkpoint[], start: Link): Map<number, Set<string>> {
  const heads = new Map<number, Set<string>>()
  const expect = (seq: number, head: string) => {
    if (seq >= start.seq && seq > 0) heads.set(seq, (heads.get(seq) ?? new Set()).add(head))
  }
  for (const { seq, head, pruned_seq, pruned_head } of checkpoints) {
    expect(seq, head)
    expect(pruned_seq, pruned_head)
  }
  return heads
}

async function findLeftovers(db: Db, start: Link): Promise<Fault | undefined> {
  const row = await db
    .selectFrom('audit_events')
    .select('id')
    .where('seq', '<=', start.seq)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
  return row && { row: row.id, text: 'was inserted before the beginning of the log' }
}

/** From where the walk is to the end. */
async function walkChain(
  walk: Walk,
  heads: ReadonlyMap<number, ReadonlySet<string>>,
  verdict: Verdict,
): Promise<Fault | undefined> {
  let fault = judgeHead(walk.previous, heads, undefined)
  for await (const event of eventsAfter(walk.db, walk.previous.seq)) {
    fault ??= judgeEvent(walk, event) ?? judgeHead(toLink(event), heads, event.id)
    if (fault) return fault
    walk.found.see(event)
    walk.previous = toLink(event)
    walk.at = event.at
    verdict.sealed += 1
    verdict.last = walk.previous.seq
  }
  const { seq } = walk.previous
  const furthest = Math.max(0, ...heads.keys())
  if (furthest <= seq) return fault
  return { row: undefined, text: `events ${seq + 1} to ${furthest} are missing at the end` }
}

async function* eventsAfter(db: Db, seq: number): AsyncGenerator<AuditEventRow> {
  for (let last = seq; ; ) {
    const page = await db
      .selectFrom('audit_events')
      .selectAll()
      .where('seq', '>', last)
      .orderBy('seq')
      .limit(PAGE)
      .execute()
    yield* page
    if (page.length < PAGE) return
    last = page.at(-1)?.seq ?? last
  }
}

function judgeEvent(walk: Walk, event: AuditEventRow): Fault | undefined {
  const { id, seq } = event
  const isPlaced = isPlacedAfter(walk.keys, walk.previous, event)
  // who sealed it has said that it is not ours
  const altered = isPlaced && event.mark === 'foreign' ? undefined : judgeContent(walk, event)
  if (altered || isPlaced || isTold(walk, event)) return altered
  const expected = { seq: walk.previous.seq + 1 }
  if (seq !== expected.seq) return { row: id, text: `follows a gap: event ${expected.seq} before it is missing` }
  return { row: id, text: `is not the event that had the number ${seq}: it was moved, or one before it was` }
}

/** Whether it is the service's own word on why the numbers before it are missing. */
function isTold(walk: Walk, event: AuditEventRow): boolean {
  return event.action === 'audit.gap' && isPlacedAfter(walk.keys, beforeGap(readGap(event), walk.previous), event)
}

function judgeContent({ keys, erased }: Walk, event: AuditEventRow): Fault | undefined {
  if (!isWritten(keys, event)) return { row: event.id, text: 'was altered, or inserted by somebody else' }
  if (event.salt === null) {
    if (event.ip !== null || event.user_agent !== null)
      return { row: event.id, text: 'was given an address or an agent' }
    erased.see(event)
    return undefined
  }
  erased.see(event)
  if (digestOf(event.salt, event) === event.personal) return undefined
  return { row: event.id, text: 'has another address or agent than it was written with' }
}

function judgeHead({ seq, chain }: Link, heads: ReadonlyMap<number, ReadonlySet<string>>, row: string | undefined) {
  const expected = heads.get(seq)
  if (!expected || (expected.size === 1 && expected.has(chain))) return undefined
  return { row, text: `is not what the checkpoints say event ${seq} was: the log was written anew up to there` }
}

async function walkUnsealed(walk: Walk, verdict: Verdict): Promise<Fault | undefined> {
  for (let last = ''; ; ) {
    const page = await walk.db
      .selectFrom('audit_events')
      .selectAll()
      .where('seq', 'is', null)
      .where('id', '>', last)
      .orderBy('id')
      .limit(PAGE)
      .execute()
    for (const event of page) {
      const fault = judgeContent(walk, event) ?? judgeTime(walk, event)
      if (fault) return fault
      walk.found.see(event)
    }
    verdict.unsealed += page.length
    if (page.length < PAGE) return undefined
    last = page.at(-1)?.id ?? last
  }
}

/** What waits for its number is newer than what has one. */
function judgeTime(walk: Walk, event: AuditEventRow): Fault | undefined {
  if (event.at >= lateBefore(walk, walk.now())) return undefined
  return {
    row: event.id,
    text: 'waits for a number although it is older than what has one: it lost its place, or was put back',
  }
}
