import type { KeyObject } from 'node:crypto'

/** What it takes to add to the audit log. */
export interface AuditTrail {
  /** authenticates events; HMAC-SHA256 */
  readonly key: KeyObject
}
