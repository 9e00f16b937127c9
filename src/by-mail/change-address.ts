/** Another address for an account: it counts when the new one has confirmed it, and the old one can take it back. */
import { type Account, findById, findByIdentifier, nameOf } from '../accounts/account.ts'
import { foldIdentifier } from '../accounts/identifiers.ts'
import { releaseAddress, setAddress } from '../accounts/write.ts'
import type { Actor, Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { Config } from '../config.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { forgetDevices } from '../devices/device.ts'
import { Failure } from '../errors.ts'
import { linkTo } from '../mail/links.ts'
import { isMailOn } from '../mail/mailer.ts'
import { enqueueMail } from '../mail/outbox.ts'
import { removePassword } from '../passwords/password.ts'
import { ALL_BUT_UNDO, issueProof, voidProofs, voidProofsSince } from '../proofs/proof.ts'
import { revokeSessions, wasCutOff } from '../sessions/end.ts'
import { LIFETIMES } from './lifetimes.ts'
import type { ChangeNeeds, Needs } from './needs.ts'
import { type Redeemed, redeemOfAccount } from './redeem.ts'
import { sendPasswordReset } from './reset-password.ts'

/** Whether a new address has to be confirmed before it counts. */
export function mustConfirm(config: Config): boolean {
  return config.email_change === 'confirm' && isMailOn({ config })
}

/**
 * Asks a new address whether it belongs to whoever wants it. Whether it is somebody else's is told to that person alone:
 * the message is another one then, and the token is sent to nobody.
 */
export async function requestAddress(
  tx: Tx,
  deps: Needs,
  account: Account,
  email: string,
  actor: Actor,
): Promise<void> {
  const { id, uid, locale } = account
  const ttl = LIFETIMES['email-change']
  const holder = await findByIdentifier(tx, email)
  const bound = { email, from: account.email_key ?? '', session: actor.session_id ?? '' }
  const token = await issueProof(tx, deps, { purpose: 'email-change', user_id: id, bound, ttl })
  await recordEvent(tx, deps, { action: 'email.request', actor, subject: uid })
  if (holder && holder.id !== id) return tellAttempt(tx, deps, holder)
  await enqueueMail(tx, deps, {
    to: email,
    uid,
    locale,
    template: 'email-change-confirm',
    data: { name: nameOf(account), link: linkTo(deps, 'confirm-email-change', token), expires_at: deps.now() + ttl },
  })
}

/** Tells the owner of an address that somebody else wanted it for an account. */
export async function tellAttempt(tx: Tx, deps: Needs, holder: Account): Promise<void> {
  const { email, uid, locale } = holder
  if (email === null) return
  const data = { name: nameOf(holder), at: deps.now() }
  await enqueueMail(tx, deps, { to: email, uid, locale, template: 'registration-attempt', data })
}

/**
 * Changes the address of an account to the one that the link was sent to, which is proved by that.
 * @throws Failure one_time_token_invalid; email_taken to who reads the mail of that address, so that it tells no stranger
 */
export async function confirmAddress(
  deps: ChangeNeeds & Pick<Deps, 'db'>,
  token: string,
  origin: Origin,
): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    const redeemed = await redeemOfAccount(tx, deps, 'email-change', token)
    if (!redeemed || redeemed.bound['from'] !== (redeemed.account.email_key ?? ''))
      throw new Failure('one_time_token_invalid')
    // who was thrown out has no more wishes
    if (await wasCutOff(tx, String(redeemed.bound['session']))) throw new Failure('one_time_token_invalid')
    const { account, bound } = redeemed
    const email = String(bound['email'])
    await setAddress(tx, account.id, email, { verified_at: deps.now(), now: deps.now() })
    const actor = { uid: account.uid, origin }
    await recordEvent(tx, deps, { action: 'email.change', actor, subject: account.uid })
    await followChange(tx, deps, account, email)
    await deps.states.forgetUser(tx, account.id)
  })
}

/**
 * What follows from another address: links that were sent to the old one are void, and its owner, if it was proved, is
 * told and can take the change back.
 * @param before the account as it was
 */
export async function followChange(tx: Tx, deps: Needs, before: Account, new_email: string): Promise<void> {
  const { id, uid, email, email_verified_at, locale } = before
  await voidProofs(tx, id, ALL_BUT_UNDO)
  // whoever reads an address that was never proved may be a stranger
  if (!isMailOn(deps) || email === null || email_verified_at === null) return
  const ttl = LIFETIMES['email-change-undo']
  const token = await issueProof(tx, deps, { purpose: 'email-change-undo', user_id: id, bound: { email }, ttl })
  const link = linkTo(deps, 'undo-email-change', token)
  const at = deps.now()
  const data = { name: nameOf(before), link, expires_at: at + ttl, at, new_email }
  await enqueueMail(tx, deps, { to: email, uid, locale, template: 'email-changed', data })
}

/**
 * Gives an account its former address back. Whoever changed it may know the password, and may have changed that too: so it
 * counts no longer, every session ends, and the address is sent a link by which to set a new one.
 * @throws Failure one_time_token_invalid; email_taken if the address has been proved by another account meanwhile
 */
export async function undoChange(
  deps: ChangeNeeds & Pick<Deps, 'counts' | 'db'>,
  token: string,
  origin: Origin,
): Promise<void> {
  const ended = await inTransaction(deps.db, async (tx) => {
    const redeemed = await redeemOfAccount(tx, deps, 'email-change-undo', token)
    if (!redeemed) throw new Failure('one_time_token_invalid')
    return restore(tx, deps, redeemed, origin)
  })
  deps.counts.ended.email_change_undone += ended
}

async function restore(
  tx: Tx,
  deps: ChangeNeeds,
  { account, bound, created_at }: Redeemed,
  origin: Origin,
): Promise<number> {
  const { id, uid } = account
  const email = String(bound['email'])
  const actor = { uid, origin }
  await releaseFor(tx, deps, account, email, actor)
  await setAddress(tx, id, email, { verified_at: deps.now(), now: deps.now() })
  // who had the address before has the better claim: a thief who moves on twice and comes back half way keeps no owner out
  await voidProofsSince(tx, id, created_at, 'email-change-undo')
  await removePassword(tx, id)
  await forgetDevices(tx, deps, id)
  await recordEvent(tx, deps, { action: 'email.restore', actor, subject: uid })
  const ended = await revokeSessions(tx, deps, account, 'email_change_undone', actor)
  const restored = await findById(tx, id)
  if (restored) await sendPasswordReset(tx, deps, restored, origin)
  await deps.states.forgetUser(tx, id)
  return ended
}

/** An account that only claims the address does not keep it from who has proved it. */
async function releaseFor(tx: Tx, deps: ChangeNeeds, account: Account, email: string, actor: Actor): Promise<void> {
  const other = await releaseAddress(tx, foldIdentifier(email), account.id, deps.now())
  if (!other) return
  await voidProofs(tx, other.id)
  await recordEvent(tx, deps, { action: 'email.release', actor, subject: other.uid })
  await deps.states.forgetUser(tx, other.id)
}
