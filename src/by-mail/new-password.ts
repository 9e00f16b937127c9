import type { Account } from '../accounts/account.ts'
import { foldMailbox } from '../accounts/identifiers.ts'
import { provedMailboxOf } from '../accounts/mailbox.ts'
import { dropPendingAddress } from '../accounts/write.ts'
import type { Origin } from '../audit/actor.ts'
import type { Tx } from '../db/transaction.ts'
import { enqueueMail } from '../mail/enqueue.ts'
import { issueNothing, NOTICE } from '../mail/messages.ts'
import { storeHash } from '../passwords/password.ts'
import { voidCode } from '../proofs/code.ts'
import { type Purpose, VOID_BY_NEW_PASSWORD, voidProofs } from '../proofs/proof.ts'
import type { Needs } from './needs.ts'

/**
 * Gives an account another password. Links and codes that lead into it by other ways are void, and its owner is told.
 * @param voided which links
 */
export async function replacePassword(
  tx: Tx,
  deps: Needs,
  account: Account,
  hash: string,
  origin: Origin,
  voided: readonly Purpose[] = VOID_BY_NEW_PASSWORD,
): Promise<void> {
  const { id, uid, email, locale } = account
  await storeHash(tx, id, hash, deps.now())
  await voidProofs(tx, id, voided)
  // what was asked for and not confirmed is void with its link
  await dropPendingAddress(tx, id)
  if (email !== null) await voidCode(tx, deps, foldMailbox(email))
  const to = provedMailboxOf(account)
  if (!to) return
  const { ip, user_agent } = origin
  const facts = { at: deps.now(), ip, user_agent }
  const template = 'password-changed'
  await enqueueMail(tx, deps, { to, payer: NOTICE, uid, locale, template, facts, issue: issueNothing })
}
