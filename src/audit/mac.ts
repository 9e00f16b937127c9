/**
 * What authenticates an event: an HMAC-SHA256 (RFC 2104) over its content. Of the address and the agent only a salted
 * digest enters, so that both can be erased later and the HMAC still fits.
 */
import { createHash, createHmac, type KeyObject, randomBytes } from 'node:crypto'
import type { AuditEventRow } from '../db/schema.ts'

/** What can be erased. */
type Personal = Pick<AuditEventRow, 'ip' | 'user_agent'>

/** What stays. */
export type Content = Omit<AuditEventRow, 'ip' | 'user_agent' | 'salt' | 'mac' | 'seq' | 'chain'>

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
  // a list, since JSON keeps its order; what it says it is, so that no other HMAC under this key passes for one
  const content = ['event', id, at, action, outcome, cause, actor, subject, session_id, request_id, details, personal]
  return createHmac('sha256', key).update(JSON.stringify(content)).digest('base64url')
}
