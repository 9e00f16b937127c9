/** Accounts that were made with an address which nobody had proved: perhaps by a stranger, before its owner came. */
import type { Account } from '../accounts/account.ts'
import type { Actor } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { Tx } from '../db/transaction.ts'
import { forgetDevices } from '../devices/device.ts'
import { removePassword } from '../passwords/password.ts'
import { ALL_BUT_UNDO, voidProofs } from '../proofs/proof.ts'
import { revokeSessions } from '../sessions/end.ts'
import type { ChangeNeeds } from './needs.ts'
import { sendPasswordReset } from './reset-password.ts'

/**
 * Takes an account from whoever made it, for who signs in by its mail and is the first to prove the address: its password
 * is void, its sessions end, its devices are strangers, and what it asked for is not waited for. The address is sent a link
 * by which to set a password. Without that, who registers with the address of somebody else would share their account
 * (Sudhodanan and Paverd, "Pre-hijacked accounts", USENIX Security 2022).
 * @returns how many sessions ended
 */
export async function dismissClaimant(tx: Tx, deps: ChangeNeeds, account: Account, actor: Actor): Promise<number> {
  const { id, uid } = account
  await voidProofs(tx, id, ALL_BUT_UNDO)
  await forgetDevices(tx, deps, id)
  if (await removePassword(tx, id)) {
    await recordEvent(tx, deps, { action: 'password.change', actor, subject: uid, cause: 'address_proved' })
    await sendPasswordReset(tx, deps, account, actor.origin)
  }
  return revokeSessions(tx, deps, account, 'password_changed', actor)
}
