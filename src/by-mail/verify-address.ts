/** Proving that an address belongs to an account. */
import { type Account, findById, nameOf } from '../accounts/account.ts'
import { markVerified } from '../accounts/write.ts'
import type { Actor, Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { linkTo } from '../mail/links.ts'
import { isMailOn } from '../mail/mailer.ts'
import { enqueueMail } from '../mail/outbox.ts'
import { issueProof } from '../proofs/proof.ts'
import { LIFETIMES } from './lifetimes.ts'
import type { ChangeNeeds, Needs } from './needs.ts'
import { redeemOfAccount } from './redeem.ts'
import { isTooMany } from './shares.ts'

/**
 * Sends the owner of an unproved address the link that proves it; nothing where there is no mail or nothing to prove.
 * @param request the digest of the token that whoever registers the account was given
 */
export async function sendVerification(tx: Tx, deps: Needs, account: Account, request?: string): Promise<void> {
  const { id, uid, email, email_key, email_verified_at, locale } = account
  if (!isMailOn(deps) || email === null || email_key === null || email_verified_at !== null) return
  const ttl = LIFETIMES['email-verify']
  const proof = { purpose: 'email-verify', user_id: id, bound: { email_key }, request, ttl } as const
  const token = await issueProof(tx, deps, proof)
  await enqueueMail(tx, deps, {
    to: email,
    uid,
    locale,
    template: 'email-verify',
    data: { name: nameOf(account), link: linkTo(deps, 'verify-email', token), expires_at: deps.now() + ttl },
  })
}

/** Sends the link once more; one too many in an hour is dropped, since the address may be a stranger's. */
export async function resendVerification(
  deps: Needs & Pick<Deps, 'db' | 'ephemeral'>,
  { id: userId, uid, email, email_verified_at }: Account,
): Promise<void> {
  if (email === null || email_verified_at !== null) return
  if (await isTooMany(deps, { kind: 'email-verify', email }, { owner: uid })) return
  await inTransaction(deps.db, async (tx) => {
    const account = await findById(tx, userId)
    if (account) await sendVerification(tx, deps, account)
  })
}

/**
 * Proves the address of an account, unless that has changed since the message was sent.
 * @returns whether the token was one for that
 */
export async function verifyAddress(
  deps: ChangeNeeds & Pick<Deps, 'db'>,
  token: string,
  origin: Origin,
): Promise<boolean> {
  return inTransaction(deps.db, async (tx) => {
    const redeemed = await redeemOfAccount(tx, deps, 'email-verify', token)
    if (!redeemed || redeemed.account.email_key !== redeemed.bound['email_key']) return false
    const { account } = redeemed
    await proveAddress(tx, deps, account, { uid: account.uid, origin })
    return true
  })
}

/** Notes that the address is the account's: whoever acts has read mail that was sent to it. */
export async function proveAddress(tx: Tx, deps: ChangeNeeds, account: Account, actor: Actor): Promise<void> {
  if (account.email_verified_at !== null) return
  await markVerified(tx, account.id, deps.now())
  await deps.states.forgetUser(tx, account.id)
  await recordEvent(tx, deps, { action: 'email.verify', actor, subject: account.uid })
}
