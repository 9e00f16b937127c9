/** Registration that tells nothing: whoever asks, a message goes to the address, and the account comes with its link. */
import type { Account } from '../accounts/account.ts'
import { foldIdentifier } from '../accounts/identifiers.ts'
import { unproved } from '../accounts/mailbox.ts'
import type { Tx } from '../db/transaction.ts'
import { enqueueMail } from '../mail/enqueue.ts'
import { linkTo } from '../mail/links.ts'
import type { AskedPayer } from '../mail/messages.ts'
import { issueProof } from '../proofs/proof.ts'
import { tellAttempt } from './change-address.ts'
import { LIFETIMES } from './lifetimes.ts'
import type { Needs } from './needs.ts'
import type { WantedAccount } from './requests.ts'

/**
 * Sends a new address the link that makes the account, and who has proved a known one a note. Registrations of one address
 * wait side by side, and any link that was sent there completes the one of whoever asked for it; so one that is silent,
 * since the address has been sent enough, is not lost.
 * @param holder whose address it is already
 * @param by who pays, and the digest of the token that whoever registers was given
 */
export async function sendRegistration(
  tx: Tx,
  deps: Needs,
  { email, silent = false, ...wanted }: WantedAccount,
  holder: Account | undefined,
  { request, payer }: { request: string; payer: AskedPayer },
): Promise<void> {
  if (holder && holder.email_verified_at !== null) return silent ? undefined : tellAttempt(tx, deps, holder, payer)
  const ttl = LIFETIMES.registration
  const about = foldIdentifier(email)
  const bound = { email, ...wanted }
  // also where no message is sent: it voids no other, and nobody's registration is lost because strangers have asked too often
  const token = await issueProof(tx, deps, { purpose: 'registration', user_id: null, about, bound, request, ttl })
  if (silent) return
  await enqueueMail(tx, deps, {
    to: unproved(email),
    payer,
    uid: null,
    locale: wanted.locale ?? null,
    template: 'email-verify',
    facts: {},
    issue: async () => ({ link: linkTo(deps, 'verify-email', token), expires_at: deps.now() + ttl }),
  })
}
