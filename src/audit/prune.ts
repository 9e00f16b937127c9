import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { findOldest, toLink } from './chain.ts'
import type { Link } from './mac.ts'

/**
 * Removes events that are older than `AUDIT_RETENTION`, from the beginning of the chain on; the caller adds a checkpoint
 * that tells so. Checkpoints over what is gone go with it.
 * @param limit how many at most
 * @returns the last one that was removed
 */
export async function pruneEvents(
  tx: Tx,
  { config, now }: Pick<Deps, 'config' | 'now'>,
  limit: number,
): Promise<Link | undefined> {
  const before = now() - config.audit_retention
  const [oldest] = await findOldest(tx, 1)
  if (!oldest || oldest.at >= before) return undefined
  const rows = await findOldest(tx, limit)
  const kept = rows.findIndex(({ at }) => at >= before)
  const last = rows[(kept === -1 ? rows.length : kept) - 1]
  if (!last) return undefined
  const pruned = toLink(last)
  await tx.deleteFrom('audit_events').where('seq', '<=', pruned.seq).execute()
  await tx.deleteFrom('audit_checkpoints').where('seq', '<=', pruned.seq).execute()
  return pruned
}
