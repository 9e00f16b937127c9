import type { Tx } from '../db/transaction.ts'

/**
 * Takes the address and the agent out of every event that an account caused or that happened to it. What stays names
 * nobody: the account is a random id by then. The chain goes over a digest of what is taken, so it still verifies.
 */
export async function erasePersonalParts(tx: Tx, uid: string): Promise<void> {
  for (const column of ['subject', 'actor'] as const)
    await tx
      .updateTable('audit_events')
      .set({ ip: null, user_agent: null, salt: null })
      .where(column, '=', uid)
      .where('salt', 'is not', null)
      .execute()
}
