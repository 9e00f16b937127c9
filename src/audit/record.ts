import type { Db } from '../db/open.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import type { Action } from './actions.ts'
import type { Actor } from './actor.ts'

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

/** Adds an event, in the transaction of what it tells. */
export async function recordEvent(db: Db | Tx, { now }: Pick<Deps, 'now'>, event: AuditEvent): Promise<void> {
  const { action, actor, subject, failure, cause, session_id, details } = event
  await db
    .insertInto('audit_events')
    .values({
      at: now(),
      action,
      outcome: failure === undefined ? 'success' : 'failure',
      cause: failure ?? cause ?? null,
      actor: actor.uid ?? null,
      subject: subject ?? null,
      session_id: session_id ?? actor.session_id ?? null,
      request_id: actor.origin.request_id ?? null,
      details: details ? JSON.stringify(details) : null,
      ip: actor.origin.ip ?? null,
      user_agent: actor.origin.user_agent?.slice(0, USER_AGENT_LENGTH) ?? null,
    })
    .execute()
}
