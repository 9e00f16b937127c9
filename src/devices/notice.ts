/** The message about a sign-in from a device that was not seen before. */
import type { Account } from '../accounts/account.ts'
import type { SessionRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { linkTo } from '../mail/links.ts'
import { enqueueMail } from '../mail/outbox.ts'
import { issueProof } from '../proofs/proof.ts'
import type { Arrival } from './device.ts'

/** How long the link can end the session, in ms. */
const NOTICE_TTL = 7 * 86_400_000

/** Tells the owner, with a link that ends the session and makes the account forget the device. */
export async function tellNewDevice(
  tx: Tx,
  deps: Pick<Deps, 'config' | 'mailer' | 'now'>,
  account: Account,
  { id, ip, user_agent }: Pick<SessionRow, 'id' | 'ip' | 'user_agent'>,
  { digest, likeness }: Pick<Arrival, 'digest' | 'likeness'>,
): Promise<void> {
  if (account.email === null) return
  // without an account, so that the link of a second device leaves that of the first good
  const bound = { session_id: id, user_id: account.id, device: digest, likeness }
  const token = await issueProof(tx, deps, { purpose: 'session-end', user_id: null, bound, ttl: NOTICE_TTL })
  const at = deps.now()
  const data = {
    name: account.name,
    link: linkTo(deps, 'end-session', token),
    expires_at: at + NOTICE_TTL,
    at,
    ip,
    user_agent,
  }
  const { email: to, uid, locale } = account
  await enqueueMail(tx, deps, { to, uid, locale, template: 'new-device', data })
}

/** What such a link is bound to. */
export interface NoticeBound {
  session_id: string
  user_id: number
  device: string
  likeness: string
}
