import { findById } from '../accounts/account.ts'
import type { Origin } from '../audit/actor.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { forgetDevice } from '../devices/device.ts'
import type { NoticeBound } from '../devices/notice.ts'
import { Failure } from '../errors.ts'
import { redeemProof } from '../proofs/proof.ts'
import { revokeLikeSession, revokeSession } from '../sessions/end.ts'

/**
 * Ends the session that a message told of, for who has the link in it, and those that the same device has begun since,
 * which no message told of; the device is a stranger again.
 * @throws Failure one_time_token_invalid
 */
export async function endReportedSession(
  deps: Pick<Deps, 'audit' | 'counts' | 'db' | 'now' | 'states'>,
  token: string,
  origin: Origin,
): Promise<void> {
  const ended = await inTransaction(deps.db, async (tx) => {
    const proof = await redeemProof(tx, deps, 'session-end', token)
    const bound = proof?.bound as unknown as NoticeBound | undefined
    const account = bound && (await findById(tx, bound.user_id))
    if (!account) throw new Failure('one_time_token_invalid')
    await forgetDevice(tx, deps, account.id, { digest: bound.device, likeness: bound.likeness })
    const { session_id: id } = bound
    const actor = { uid: account.uid, origin }
    const isEnded = await revokeSession(tx, deps, id, 'revoked_by_owner', actor)
    return Number(isEnded) + (await revokeLikeSession(tx, deps, id, account, actor))
  })
  deps.counts.ended.revoked_by_owner += ended
}
