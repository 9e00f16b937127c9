/** Another address for an account: it counts when the new one has confirmed it, and the old one can take it back. */
import { type Account, findById, findByIdentifier } from '../accounts/account.ts'
import { foldIdentifier } from '../accounts/identifiers.ts'
import { mailboxOf, provedMailboxOf, unproved } from '../accounts/mailbox.ts'
import { setAddress, setPendingAddress } from '../accounts/write.ts'
import type { Actor, Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { Config } from '../config.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { forgetDevices } from '../devices/device.ts'
import { Failure } from '../errors.ts'
import { enqueueMail } from '../mail/enqueue.ts'
import { linkTo } from '../mail/links.ts'
import { isMailOn } from '../mail/mailer.ts'
import { type AskedPayer, issueNothing, memberOf, NOTICE, payerOf } from '../mail/messages.ts'
import { findHash, removePassword } from '../passwords/password.ts'
import { ALL_BUT_UNDO, issueProof, peekProof, voidProofs, voidProofsSince } from '../proofs/proof.ts'
import { revokeSessions, wasCutOff } from '../sessions/end.ts'
import { LIFETIMES } from './lifetimes.ts'
import type { ChangeNeeds, Needs } from './needs.ts'
import { type Redeemed, redeemOfAccount } from './redeem.ts'
import { judgeRequester, type Requester, requireStill, type Shown } from './requester.ts'
import { sendPasswordReset } from './reset-password.ts'
import { takeAddress } from './take-address.ts'

/** Whether a new address has to be confirmed before it counts. */
export function mustConfirm(config: Config): boolean {
  return config.email_change === 'confirm' && isMailOn({ config })
}

/**
 * Asks a new address whether it belongs to whoever wants it. Whether it is somebody else's is told to that person alone:
 * the message is another one then, and the token is sent to nobody. Who only claims it without having proved it is not that.
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
  const { request } = actor.origin
  // also where no message is sent: whether the former wish is void must not tell whose the address is
  const token = await issueProof(tx, deps, { purpose: 'email-change', user_id: id, bound, request, ttl })
  await recordEvent(tx, deps, { action: 'email.request', actor, subject: uid })
  if (holder && holder.id !== id && holder.email_verified_at !== null)
    return tellAttempt(tx, deps, holder, payerOf(actor))
  await enqueueMail(tx, deps, {
    to: unproved(email),
    payer: memberOf(uid),
    uid,
    locale,
    template: 'email-change-confirm',
    facts: {},
    issue: async () => ({ link: linkTo(deps, 'confirm-email-change', token), expires_at: deps.now() + ttl }),
  })
}

/** Tells the owner of an address that somebody else wanted it for an account. */
export async function tellAttempt(tx: Tx, deps: Needs, holder: Account, payer: AskedPayer): Promise<void> {
  const to = mailboxOf(holder)
  if (!to) return
  const { uid, locale } = holder
  const facts = { at: deps.now() }
  await enqueueMail(tx, deps, { to, payer, uid, locale, template: 'registration-attempt', facts, issue: issueNothing })
}

/**
 * Lets an account with a proved address go by another one before that is proved: for what is sent, and to take the change
 * back, the proved one goes on counting. It keeps nobody from the new address, who may be its owner; what another account
 * claims already is waited for.
 * @throws Failure email_taken where another account has proved it
 */
export async function goBy(tx: Tx, deps: Needs, account: Account, email: string, actor: Actor): Promise<void> {
  const holder = await findByIdentifier(tx, email)
  const isFree = !holder || holder.id === account.id
  if (!isFree && holder.email_verified_at !== null) throw new Failure('email_taken')
  if (isFree && !(await isPendingElsewhere(tx, account, email)))
    await setPendingAddress(tx, account.id, email, deps.now())
  else if (!isMailOn(deps)) throw new Failure('email_taken')
  await tellChange(tx, deps, account, email)
  if (isMailOn(deps)) await requestAddress(tx, deps, account, email, actor)
  else await recordEvent(tx, deps, { action: 'email.request', actor, subject: account.uid })
}

async function isPendingElsewhere(tx: Tx, { id }: Account, email: string): Promise<boolean> {
  const row = await tx
    .selectFrom('users')
    .select('id')
    .where('pending_email_key', '=', foldIdentifier(email))
    .where('id', '<>', id)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Changes the address of an account to the one that the link was sent to, which is proved by that. It takes whoever asked
 * for it: who only reads the mail of the address would otherwise put it into an account that a stranger goes on using.
 * @throws Failure one_time_token_invalid; what `judgeRequester` throws; email_taken to who reads the mail of that address, so
 * that it tells no stranger
 */
export async function confirmAddress(
  deps: ChangeNeeds & Pick<Deps, 'db' | 'hasher' | 'passwordLists' | 'throttle'>,
  token: string,
  shown: Omit<Shown, 'new_password'>,
  origin: Origin,
): Promise<void> {
  const proof = await peekProof(deps, 'email-change', token)
  const owner = proof && (await findById(deps.db, proof.user_id ?? 0))
  if (!owner || owner.disabled_at !== null) throw new Failure('one_time_token_invalid')
  const hash = await findHash(deps.db, owner.id)
  const { password, session, request } = shown
  const link = { token, request: proof.request, user_id: owner.id, hash, owner }
  const requester = await judgeRequester(deps, link, { password, session, request }, origin)
  await inTransaction(deps.db, (tx) => moveTo(tx, deps, token, requester, origin))
}

async function moveTo(tx: Tx, deps: ChangeNeeds, token: string, requester: Requester, origin: Origin): Promise<void> {
  const redeemed = await redeemOfAccount(tx, deps, 'email-change', token)
  if (!redeemed || redeemed.bound['from'] !== (redeemed.account.email_key ?? ''))
    throw new Failure('one_time_token_invalid')
  // who was thrown out has no more wishes
  if (await wasCutOff(tx, String(redeemed.bound['session']))) throw new Failure('one_time_token_invalid')
  const { account, bound } = redeemed
  await requireStill(tx, account.id, requester)
  const email = String(bound['email'])
  const actor = { uid: account.uid, origin }
  await takeAddress(tx, deps, email, account.id, actor)
  await setAddress(tx, account.id, email, { verified_at: deps.now(), now: deps.now() })
  await recordEvent(tx, deps, { action: 'email.change', actor, subject: account.uid })
  await followChange(tx, deps, account, email)
  await deps.states.forgetUser(tx, account.id)
}

/**
 * What follows from another address: links that were sent to the old one are void, and its owner, if it was proved, is
 * told and can take the change back.
 * @param before the account as it was
 */
export async function followChange(tx: Tx, deps: Needs, before: Account, new_email: string): Promise<void> {
  await voidProofs(tx, before.id, ALL_BUT_UNDO)
  await tellChange(tx, deps, before, new_email)
}

async function tellChange(tx: Tx, deps: Needs, before: Account, new_email: string): Promise<void> {
  const { id, uid, locale } = before
  // whoever reads an address that was never proved may be a stranger
  const to = provedMailboxOf(before)
  if (!to) return
  const ttl = LIFETIMES['email-change-undo']
  const bound = { email: to.address }
  const at = deps.now()
  await enqueueMail(tx, deps, {
    to,
    payer: NOTICE,
    uid,
    locale,
    template: 'email-changed',
    facts: { at, new_email },
    issue: async () => {
      const token = await issueProof(tx, deps, { purpose: 'email-change-undo', user_id: id, bound, ttl })
      return { link: linkTo(deps, 'undo-email-change', token), expires_at: at + ttl }
    },
  })
}

/**
 * Gives an account its former address back. Whoever changed it may know the password, and may have changed that too: so it
 * counts no longer, every session ends, and the address is sent a link by which to set a new one.
 * @throws Failure one_time_token_invalid; email_taken if another account has proved the address meanwhile
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
  await takeAddress(tx, deps, email, id, actor, 'former')
  await setAddress(tx, id, email, { verified_at: deps.now(), now: deps.now() })
  // who had the address before has the better claim: a thief who moves on twice and comes back half way keeps no owner out
  await voidProofsSince(tx, id, created_at, 'email-change-undo')
  await removePassword(tx, id)
  await forgetDevices(tx, deps, id)
  await recordEvent(tx, deps, { action: 'email.restore', actor, subject: uid })
  const ended = await revokeSessions(tx, deps, account, 'email_change_undone', actor)
  const restored = await findById(tx, id)
  if (restored) await sendPasswordReset(tx, deps, restored, origin, memberOf(uid))
  await deps.states.forgetUser(tx, id)
  return ended
}
