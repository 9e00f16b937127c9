import { fillSkeletons } from '../accounts/look-alike.ts'
import type { Actor } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { noteFinished } from '../db/finished.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { CHANNEL } from './standing.ts'
import { VERSION } from './version.ts'

/**
 * Says that no older version runs any more: from now on this one may write what those would misjudge, and their nodes
 * serve nobody. What they wrote of user names is put right first.
 * @returns false if that was said before
 */
export async function finishUpgrade(
  deps: Pick<Deps, 'audit' | 'db' | 'ephemeral' | 'now' | 'standing'>,
  actor: Actor,
): Promise<boolean> {
  const { db, ephemeral, now, standing } = deps
  // before it is said, so that an end in between leaves it to be done
  await fillSkeletons(db, 'all')
  const isNew = await inTransaction(db, async (tx) => {
    if (!(await noteFinished(tx, VERSION, now()))) return false
    await recordEvent(tx, deps, { action: 'upgrade.finish', actor, details: { version: VERSION } })
    await ephemeral.publish(tx, CHANNEL, VERSION)
    return true
  })
  await standing.check()
  return isNew
}
