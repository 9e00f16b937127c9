import type { KeyObject } from 'node:crypto'

/** The keys of the log in the configuration, and how those are kept that were given up. */
export interface TrailKeys {
  /** authenticate events and their chain, HMAC-SHA256: the first makes what is new, and what any has made is accepted */
  readonly keys: readonly [KeyObject, ...KeyObject[]]
  seal(plain: string, context: string): string
  /** @throws when it was sealed under another `JWT_KEY` */
  unseal(sealed: string, context: string): string
}

/** What it takes to add to the audit log. */
export interface AuditTrail extends TrailKeys {
  /** makes what is new */
  readonly key: KeyObject
  /** Says that there is an event to seal, or soon will be. */
  stir(): void
  /** Calls `listener` when that is said; the last one counts. */
  onStir(listener: () => void): void
}

/** @param findKeys asked when keys are needed, each time */
export function createTrail(findKeys: () => TrailKeys): AuditTrail {
  let listener = () => {}
  return {
    get keys() {
      return findKeys().keys
    },
    get key() {
      return findKeys().keys[0]
    },
    seal: (plain, context) => findKeys().seal(plain, context),
    unseal: (sealed, context) => findKeys().unseal(sealed, context),
    stir: () => listener(),
    onStir(next) {
      listener = next
    },
  }
}
