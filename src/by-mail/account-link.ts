/** Links into an account, for who asks at its address. */
import type { Account } from '../accounts/account.ts'
import { mailboxOf } from '../accounts/mailbox.ts'
import type { Tx } from '../db/transaction.ts'
import { enqueueMail } from '../mail/enqueue.ts'
import { linkTo } from '../mail/links.ts'
import type { AskedPayer } from '../mail/messages.ts'
import { issueProof } from '../proofs/proof.ts'
import { LIFETIMES } from './lifetimes.ts'
import type { Needs } from './needs.ts'

/** The page that a link leads to, and the message that it is in, by what it proves. */
const LINKS = {
  'password-reset': { page: 'reset-password', template: 'password-reset' },
  'sign-in': { page: 'sign-in', template: 'sign-in-link' },
} as const

/**
 * Sends an account a link that is good as long as the account has its address.
 * @param bound what must still be so beside
 * @returns whether it has an address
 */
export async function sendAccountLink(
  tx: Tx,
  deps: Needs,
  account: Account,
  payer: AskedPayer,
  { purpose, bound = {} }: { purpose: keyof typeof LINKS; bound?: Readonly<Record<string, string>> },
): Promise<boolean> {
  const { id, uid, email_key, locale } = account
  const to = mailboxOf(account)
  if (!to || email_key === null) return false
  const { page, template } = LINKS[purpose]
  const ttl = LIFETIMES[purpose]
  const proof = { purpose, user_id: id, bound: { email_key, ...bound }, ttl }
  const issue = async () => ({
    link: linkTo(deps, page, await issueProof(tx, deps, proof)),
    expires_at: deps.now() + ttl,
  })
  await enqueueMail(tx, deps, { to, payer, uid, locale, template, facts: {}, issue })
  return true
}
