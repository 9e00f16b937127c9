/** What ends when somebody proves an address who did not make the account that claims it. */
import type { Account } from '../accounts/account.ts'
import { foldMailbox } from '../accounts/identifiers.ts'
import { dropPendingAddress } from '../accounts/write.ts'
import type { Actor } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { Tx } from '../db/transaction.ts'
import { forgetDevices } from '../devices/device.ts'
import { removePassword } from '../passwords/password.ts'
import { voidCode } from '../proofs/code.ts'
import { voidProofs } from '../proofs/proof.ts'
import { revokeSessions } from '../sessions/end.ts'
import type { ChangeNeeds } from './needs.ts'

/**
 * Ends everything by which whoever made an account could get into it or take it back, for who has just proved its address
 * and did not make it: sessions, password, devices, links and codes, those that take a change of address back included, and
 * an address that was asked for. What else lets somebody in one day belongs here. Without that, who registers with the
 * address of somebody else would share their account (Sudhodanan and Paverd, "Pre-hijacked accounts", USENIX Security 2022).
 * @returns how many sessions ended, and whether there was a password
 */
export async function endEverythingOlder(
  tx: Tx,
  deps: ChangeNeeds,
  account: Account,
  actor: Actor,
): Promise<{ sessions: number; hadPassword: boolean }> {
  const { id, uid, email } = account
  await voidProofs(tx, id)
  if (email !== null) await voidCode(tx, deps, foldMailbox(email))
  await dropPendingAddress(tx, id)
  await forgetDevices(tx, deps, id)
  const hadPassword = await removePassword(tx, id)
  if (hadPassword)
    await recordEvent(tx, deps, { action: 'password.change', actor, subject: uid, cause: 'address_proved' })
  return { sessions: await revokeSessions(tx, deps, account, 'password_changed', actor), hadPassword }
}
