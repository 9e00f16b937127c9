import type { KeyObject } from 'node:crypto'

/** What it takes to add to the audit log. */
export interface AuditTrail {
  /** authenticates events and their chain; HMAC-SHA256 */
  readonly key: KeyObject
  /** Says that there is an event to seal, or soon will be. */
  stir(): void
  /** Calls `listener` when that is said; the last one counts. */
  onStir(listener: () => void): void
}

/** @param findKey asked when the key is needed, each time */
export function createTrail(findKey: () => KeyObject): AuditTrail {
  let listener = () => {}
  return {
    get key() {
      return findKey()
    },
    stir: () => listener(),
    onStir(next) {
      listener = next
    },
  }
}
