/** The audit log in tests. */
import { setTimeout as after } from 'node:timers/promises'
import { type Moment, sealEvents } from '../../src/audit/seal.ts'
import type { Deps } from '../../src/deps.ts'

/** Seals everything that is there, whoever has the turn meanwhile. */
export async function sealAll(
  deps: Pick<Deps, 'audit' | 'config' | 'db' | 'keys' | 'now'>,
  moment: Moment = 'usual',
): Promise<void> {
  for (;;) {
    const { head, isFull, isPruning } = await sealEvents(deps, moment)
    if (head && !isFull && !isPruning) return
    if (!head) await after(5)
  }
}
