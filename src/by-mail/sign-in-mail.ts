/** What is sent for signing in without a password. */
import type { Account } from '../accounts/account.ts'
import { foldMailbox } from '../accounts/identifiers.ts'
import { mailboxOf } from '../accounts/mailbox.ts'
import type { Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { enqueueMail } from '../mail/enqueue.ts'
import type { AskedPayer } from '../mail/messages.ts'
import { issueCode } from '../proofs/code.ts'
import { sendAccountLink } from './account-link.ts'
import { LIFETIMES } from './lifetimes.ts'
import type { Needs } from './needs.ts'
import type { Asker } from './requests.ts'

/** Sends the owner of an account a link that signs in. */
export async function sendSignInLink(
  tx: Tx,
  deps: Needs,
  account: Account,
  origin: Origin,
  payer: AskedPayer,
): Promise<void> {
  if (!(await sendAccountLink(tx, deps, account, payer, { purpose: 'sign-in' }))) return
  await recordEvent(tx, deps, { action: 'session.request', actor: { origin }, subject: account.uid, cause: 'link' })
}

/**
 * Makes a code for an address and sends it, if that is somebody's. For an address that is nobody's there is a code too,
 * which nobody is sent, so that trying codes is the same for both.
 */
export async function sendSignInCode(
  tx: Tx,
  deps: Needs & Pick<Deps, 'keys'>,
  address: string,
  account: Account | undefined,
  { origin, request, payer }: Asker & { payer: AskedPayer },
): Promise<void> {
  const ttl = LIFETIMES.code
  const issue = async () => ({
    code: await issueCode(tx, deps, { address: foldMailbox(account?.email ?? address), request, ip: origin.ip }, ttl),
    expires_at: deps.now() + ttl,
  })
  const to = account && mailboxOf(account)
  if (!to) {
    await issue()
    return
  }
  const { uid, locale } = account
  await enqueueMail(tx, deps, { to, payer, uid, locale, template: 'sign-in-code', facts: {}, issue })
  await recordEvent(tx, deps, { action: 'session.request', actor: { origin }, subject: uid, cause: 'code' })
}
