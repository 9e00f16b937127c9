import { v7 as uuidv7 } from 'uuid'
import { compiled } from '../db/compiled.ts'
import type { Db } from '../db/open.ts'
import type { AuditEventRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import type { Action } from './actions.ts'
import type { Actor } from './actor.ts'
import { coverPersonal, macOf } from './mac.ts'

/** Something that happened. Nothing in it may be a secret. */
export interface AuditEvent {
  action: Action
  actor: Actor
  /** the account that it happened to, by its uid */
  subject?: string | undefined
  /** why it failed; without one it succeeded */
  failure?: string | undefined
  /** why it happened */
  cause?: string | undefined
  /** the session that it happened to, where that is not the actor's */
  session_id?: string | undefined
  /** what else there is to know; never a secret, an address, or anything that was typed */
  details?: Readonly<Record<string, string | number | boolean>> | undefined
}

/** Longer ones are cut, in characters. */
const USER_AGENT_LENGTH = 256

/** Counts this process's events, so that those of one millisecond keep their order. */
let count = 0

export type NewEvent = Omit<AuditEventRow, 'seq' | 'chain' | 'mark'>

const insertEvent = compiled<NewEvent, never>((db, stand) =>
  db.insertInto('audit_events').values({
    id: stand('id'),
    at: stand('at'),
    action: stand('action'),
    outcome: stand('outcome'),
    cause: stand('cause'),
    actor: stand('actor'),
    subject: stand('subject'),
    session_id: stand('session_id'),
    request_id: stand('request_id'),
    details: stand('details'),
    ip: stand('ip'),
    user_agent: stand('user_agent'),
    salt: stand('salt'),
    personal: stand('personal'),
    mac: stand('mac'),
    seq: null,
    chain: null,
    mark: null,
  }),
)

/**
 * Adds an event, in the transaction of what it tells. It gets its place in the chain later (src/audit/seal.ts), so that
 * nobody who writes one waits for another who does.
 */
export async function recordEvent(db: Db | Tx, deps: Pick<Deps, 'audit' | 'now'>, event: AuditEvent): Promise<void> {
  await insertEvent(db, rowOf(deps, event))
  deps.audit.stir()
}

/** The row of an event, without a place yet. */
export function rowOf({ audit, now }: Pick<Deps, 'audit' | 'now'>, event: AuditEvent): NewEvent {
  const { action, actor, subject, failure, cause, session_id, details } = event
  const { ip = null, user_agent, request_id = null } = actor.origin
  const at = now()
  count += 1
  const personal = { ip, user_agent: user_agent?.slice(0, USER_AGENT_LENGTH) ?? null }
  const row = {
    id: uuidv7({ msecs: at, seq: count }),
    at,
    action,
    outcome: failure === undefined ? ('success' as const) : ('failure' as const),
    cause: failure ?? cause ?? null,
    actor: actor.uid ?? null,
    subject: subject ?? null,
    session_id: session_id ?? actor.session_id ?? null,
    request_id,
    details: details ? JSON.stringify(details) : null,
    ...personal,
    ...coverPersonal(personal),
  }
  return { ...row, mac: macOf(audit.key, row) }
}
