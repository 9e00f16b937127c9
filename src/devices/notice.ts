/** The message about a sign-in from a device that was not seen before. */
import type { Account } from '../accounts/account.ts'
import { provedMailboxOf } from '../accounts/mailbox.ts'
import type { SessionRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import { enqueueMail } from '../mail/enqueue.ts'
import type { LedgerNeeds } from '../mail/ledger.ts'
import { linkTo } from '../mail/links.ts'
import { NOTICE } from '../mail/messages.ts'
import { issueProof } from '../proofs/proof.ts'
import type { Arrival } from './device.ts'

/** How long the link can end the session, in ms. */
const NOTICE_TTL = 7 * 86_400_000

/** Tells the owner, with a link that ends the session and makes the account forget the device. */
export async function tellNewDevice(
  tx: Tx,
  deps: LedgerNeeds,
  account: Account,
  { id, ip, user_agent }: Pick<SessionRow, 'id' | 'ip' | 'user_agent'>,
  { digest, likeness }: Pick<Arrival, 'digest' | 'likeness'>,
): Promise<void> {
  const to = provedMailboxOf(account)
  if (!to) return
  // without an account, so that the link of a second device leaves that of the first good
  const bound = { session_id: id, user_id: account.id, device: digest, likeness }
  const at = deps.now()
  const { uid, locale } = account
  await enqueueMail(tx, deps, {
    to,
    payer: NOTICE,
    uid,
    locale,
    template: 'new-device',
    facts: { at, ip, user_agent },
    issue: async () => {
      const token = await issueProof(tx, deps, { purpose: 'session-end', user_id: null, bound, ttl: NOTICE_TTL })
      return { link: linkTo(deps, 'end-session', token), expires_at: at + NOTICE_TTL }
    },
  })
}

/** What such a link is bound to. */
export interface NoticeBound {
  session_id: string
  user_id: number
  device: string
  likeness: string
}
