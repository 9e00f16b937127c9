/**
 * What authenticates the log, all of it by HMAC-SHA256 (RFC 2104): each event by its content, and its place by a chain.
 * Of the address and the agent only a salted digest enters, so that both can be erased later and everything still fits.
 */
import { createHash, createHmac, type KeyObject, randomBytes } from 'node:crypto'
import type { AuditEventRow } from '../db/schema.ts'

/** What can be erased. */
type Personal = Pick<AuditEventRow, 'ip' | 'user_agent'>

/** What stays. */
export type Content = Omit<AuditEventRow, 'ip' | 'user_agent' | 'salt' | 'mac' | 'seq' | 'chain' | 'mark'>

/** Bytes of a salt: addresses are few enough to be tried, all of them, against a digest without one. */
const SALT = 16

/** A salt and the digest under it; both null where there is nothing to hide. */
export function coverPersonal(personal: Personal): Pick<AuditEventRow, 'salt' | 'personal'> {
  if (personal.ip === null && personal.user_agent === null) return { salt: null, personal: null }
  const salt = randomBytes(SALT).toString('base64url')
  return { salt, personal: digestOf(salt, personal) }
}

/** The digest of what is personal under a salt, base64url. */
export function digestOf(salt: string, { ip, user_agent }: Personal): string {
  return createHash('sha256')
    .update(JSON.stringify([salt, ip, user_agent]))
    .digest('base64url')
}

/** The HMAC over what an event says, base64url. */
export function macOf(key: KeyObject, event: Content): string {
  const { id, at, action, outcome, cause, actor, subject, session_id, request_id, details, personal } = event
  const content = [id, at, action, outcome, cause, actor, subject, session_id, request_id, details, personal]
  return hmacOver(key, 'event', content)
}

/** A place in the chain: the number of an event, and what the chain has come to with it. */
export interface Link {
  seq: number
  chain: string
}

/** What the first event follows. */
export const BEGINNING: Link = { seq: 0, chain: '' }

/** The place after `previous`, taken by this event. Its mark enters the chain, so that nobody can take it away again. */
export function linkAfter(
  key: KeyObject,
  previous: Link,
  { id, mac, mark }: Pick<AuditEventRow, 'id' | 'mac' | 'mark'>,
): Link {
  const seq = previous.seq + 1
  return { seq, chain: hmacOver(key, 'link', [previous.chain, seq, id, mac, ...(mark === null ? [] : [mark])]) }
}

/**
 * An HMAC over some values, base64url: as a list in JSON, which keeps their order and their bounds.
 * @param what comes first, so that no HMAC over something else passes for one over this
 */
export function hmacOver(key: KeyObject, what: string, values: readonly (string | number | null)[]): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([what, ...values]))
    .digest('base64url')
}
