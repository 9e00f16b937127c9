/** Accounts that were made with an address which nobody had proved: perhaps by a stranger, before its owner came. */
import type { Account } from '../accounts/account.ts'
import type { Actor } from '../audit/actor.ts'
import type { Tx } from '../db/transaction.ts'
import { memberOf } from '../mail/messages.ts'
import type { ChangeNeeds } from './needs.ts'
import { endEverythingOlder } from './older.ts'
import { sendPasswordReset } from './reset-password.ts'

/**
 * Takes an account from whoever made it, for who signs in by its mail and is the first to prove the address. The address is
 * sent a link by which to set a password, if there was one.
 * @returns how many sessions ended
 */
export async function dismissClaimant(tx: Tx, deps: ChangeNeeds, account: Account, actor: Actor): Promise<number> {
  const { sessions, hadPassword } = await endEverythingOlder(tx, deps, account, actor)
  if (hadPassword) await sendPasswordReset(tx, deps, account, actor.origin, memberOf(account.uid))
  return sessions
}
