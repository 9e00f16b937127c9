/** Reading the log, newest first, in keyset pages. */
import type { AuditEventRow } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { pageOf, readCursor, readInSteps, STEP, writeCursor } from '../pages.ts'
import type { Action } from './actions.ts'
import { OPERATOR, SYSTEM } from './actor.ts'
import type { Activity, ActivityPage, AuditEventItem, AuditFilter, AuditPage, AuditQuery } from './schema.ts'

/**
 * One page of events.
 * @throws Failure validation_failed for a cursor that is none
 */
export async function listEvents(deps: Pick<Deps, 'db'>, { limit, cursor, ...filter }: AuditQuery): Promise<AuditPage> {
  return pageOf(await findEvents(deps, filter, cursor, limit + 1), limit, toItem)
}

/** All events that fit, as lines of JSON; a page is in memory at a time, and read when it is asked for. */
export async function* exportEvents(deps: Pick<Deps, 'db'>, filter: AuditFilter): AsyncGenerator<string> {
  const steps = readInSteps(async (cursor) => {
    const rows = await findEvents(deps, filter, cursor, STEP)
    const last = rows.at(-1)
    return { items: rows.map(toItem), ...(last && rows.length === STEP && { after: writeCursor(last.id) }) }
  })
  for await (const items of steps) yield items.map((item) => `${JSON.stringify(item)}\n`).join('')
}

/**
 * One page of what happened to an account, as its owner may see it.
 * @throws Failure validation_failed for a cursor that is none
 */
export async function listActivity(
  deps: Pick<Deps, 'db'>,
  uid: string,
  { limit, cursor }: Pick<AuditQuery, 'limit' | 'cursor'>,
): Promise<ActivityPage> {
  return pageOf(await findEvents(deps, { subject: uid }, cursor, limit + 1), limit, toActivity)
}

function findEvents({ db }: Pick<Deps, 'db'>, filter: AuditFilter, cursor: string | undefined, limit: number) {
  const { since, before, ...equal } = filter
  let select = db.selectFrom('audit_events').selectAll().orderBy('id', 'desc').limit(limit)
  for (const [column, value] of Object.entries(equal))
    if (value !== undefined) select = select.where(column as keyof typeof equal, '=', value as never)
  if (since !== undefined) select = select.where('id', '>=', firstIdOf(since))
  if (before !== undefined) select = select.where('id', '<', firstIdOf(before))
  if (cursor !== undefined) select = select.where('id', '<', readCursor(cursor))
  return select.execute()
}

/** What every id of a moment or later is not less than: a UUIDv7 begins with its time (RFC 9562, section 5.7). */
function firstIdOf(time: string): string {
  // leap seconds are no part of our times (RFC 3339, section 5.7)
  const at = Date.parse(time.replace(/:60(?=[.Zz+-])/, ':59'))
  const digits = Math.max(0, at).toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}`
}

function toItem({ action, ...row }: AuditEventRow): AuditEventItem {
  const { id, at, actor, subject, outcome, cause, session_id, ip, user_agent, request_id, details, seq, mark } = row
  return {
    id,
    at: new Date(at).toISOString(),
    action: action as Action,
    outcome,
    ...present({ actor, subject, cause, session_id, ip, user_agent, request_id }),
    ...(details !== null && { details: JSON.parse(details) }),
    ...(seq !== null && { number: seq }),
    ...(mark !== null && seq !== null && { mark }),
  }
}

/** An event as the owner sees it: whoever else caused it stays nameless, and so does where they were. */
export function toActivity(row: AuditEventRow): Activity {
  const { at, action, outcome, cause, session_id, actor, subject, ip, user_agent } = row
  const isService = actor === SYSTEM.uid || actor === OPERATOR.uid
  const by = actor === subject ? 'owner' : isService ? 'service' : 'administrator'
  const isOwn = actor === null || actor === subject
  return {
    at: new Date(at).toISOString(),
    action: action as Action,
    outcome,
    ...present({ cause, ...(isOwn && { session_id, ip, user_agent }) }),
    ...(actor !== null && { by }),
  }
}

/** The members that have a value. */
function present<T extends Record<string, string | null>>(members: T) {
  const entries = Object.entries(members).filter(([, value]) => value !== null)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], null> }
}
