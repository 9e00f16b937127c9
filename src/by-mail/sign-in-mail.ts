/** What is sent for signing in without a password. */
import { type Account, nameOf } from '../accounts/account.ts'
import { foldIdentifier } from '../accounts/identifiers.ts'
import type { Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { linkTo } from '../mail/links.ts'
import { enqueueMail } from '../mail/outbox.ts'
import { issueCode } from '../proofs/code.ts'
import { issueProof } from '../proofs/proof.ts'
import { LIFETIMES } from './lifetimes.ts'
import type { Needs } from './needs.ts'
import type { Asker } from './requests.ts'

/** Sends the owner of an account a link that signs in. */
export async function sendSignInLink(tx: Tx, deps: Needs, account: Account, origin: Origin): Promise<void> {
  const { id, uid, email, email_key, locale } = account
  if (email === null || email_key === null) return
  const ttl = LIFETIMES['sign-in']
  const token = await issueProof(tx, deps, { purpose: 'sign-in', user_id: id, bound: { email_key }, ttl })
  const data = { name: nameOf(account), link: linkTo(deps, 'sign-in', token), expires_at: deps.now() + ttl }
  await enqueueMail(tx, deps, { to: email, uid, locale, template: 'sign-in-link', data })
  await recordEvent(tx, deps, { action: 'session.request', actor: { origin }, subject: uid, cause: 'link' })
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
  { origin, request }: Asker,
): Promise<void> {
  const ttl = LIFETIMES.code
  const code = await issueCode(tx, deps, { address: foldIdentifier(address), request, ip: origin.ip }, ttl)
  if (!account || account.email === null) return
  const { email, uid, locale } = account
  const data = { name: nameOf(account), code, expires_at: deps.now() + ttl }
  await enqueueMail(tx, deps, { to: email, uid, locale, template: 'sign-in-code', data })
  await recordEvent(tx, deps, { action: 'session.request', actor: { origin }, subject: uid, cause: 'code' })
}
