/** Registration that tells nothing: whoever asks, a message goes to the address, and the account comes with its link. */
import type { Account } from '../accounts/account.ts'
import { foldIdentifier } from '../accounts/identifiers.ts'
import type { Tx } from '../db/transaction.ts'
import { linkTo } from '../mail/links.ts'
import { enqueueMail } from '../mail/outbox.ts'
import { issueProof } from '../proofs/proof.ts'
import { tellAttempt } from './change-address.ts'
import { LIFETIMES } from './lifetimes.ts'
import type { Needs } from './needs.ts'
import type { WantedAccount } from './requests.ts'

/**
 * Sends a new address the link that makes the account, and the owner of a known one a note.
 * @param holder whose address it is already
 * @param request the digest of the token that whoever registers was given
 */
export async function sendRegistration(
  tx: Tx,
  deps: Needs,
  { email, ...wanted }: WantedAccount,
  holder: Account | undefined,
  request: string,
): Promise<void> {
  if (holder) return tellAttempt(tx, deps, holder)
  const ttl = LIFETIMES.registration
  const about = foldIdentifier(email)
  const bound = { email, ...wanted }
  const token = await issueProof(tx, deps, { purpose: 'registration', user_id: null, about, bound, request, ttl })
  await enqueueMail(tx, deps, {
    to: email,
    uid: null,
    locale: wanted.locale ?? null,
    template: 'email-verify',
    data: {
      name: wanted.name ?? wanted.username,
      link: linkTo(deps, 'verify-email', token),
      expires_at: deps.now() + ttl,
    },
  })
}
