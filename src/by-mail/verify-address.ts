/** Proving that an address belongs to an account. */
import { type Account, findById, findByIdForChange } from '../accounts/account.ts'
import { unproved } from '../accounts/mailbox.ts'
import type { Actor, Origin } from '../audit/actor.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { enqueueMail } from '../mail/enqueue.ts'
import { linkTo } from '../mail/links.ts'
import { isMailOn } from '../mail/mailer.ts'
import { type AskedPayer, memberOf } from '../mail/messages.ts'
import { findHash, storeHash } from '../passwords/password.ts'
import { askerOf, issueProof, peekProof } from '../proofs/proof.ts'
import { requestAddress } from './change-address.ts'
import { LIFETIMES } from './lifetimes.ts'
import type { ChangeNeeds, Needs } from './needs.ts'
import { endEverythingOlder } from './older.ts'
import { redeemOfAccount } from './redeem.ts'
import { judgeRequester, type Requester, requireStill, type Shown } from './requester.ts'
import { isTooMany } from './shares.ts'
import { proveAddress } from './take-address.ts'

/**
 * Sends the owner of an unproved address the link that proves it; nothing where there is no mail or nothing to prove.
 * @param request the digest of the token that whoever registers was given; they stay known where somebody else asks later
 */
export async function sendVerification(
  tx: Tx,
  deps: Needs,
  account: Account,
  payer: AskedPayer,
  request?: string,
): Promise<void> {
  const { id, uid, email, email_key, email_verified_at, locale } = account
  if (email === null || email_key === null || email_verified_at !== null) return
  const ttl = LIFETIMES['email-verify']
  const purpose = 'email-verify'
  const by = request ?? (await askerOf(tx, id, purpose))
  const proof = { purpose, user_id: id, bound: { email_key }, request: by, ttl } as const
  await enqueueMail(tx, deps, {
    to: unproved(email),
    payer,
    uid,
    locale,
    template: 'email-verify',
    facts: {},
    issue: async () => {
      const token = await issueProof(tx, deps, proof)
      return { link: linkTo(deps, 'verify-email', token), expires_at: deps.now() + ttl }
    },
  })
}

/**
 * Sends the link once more, also one that confirms an address which the account already goes by; one too many in an hour is
 * dropped, since the address may be a stranger's.
 */
export async function resendVerification(
  deps: Needs & Pick<Deps, 'db' | 'ephemeral'>,
  { id: userId, uid, ...known }: Account,
  actor: Actor,
): Promise<void> {
  const address = known.pending_email ?? (known.email_verified_at === null ? known.email : null)
  if (address === null || !isMailOn(deps)) return
  if (await isTooMany(deps, { kind: 'email-verify', email: address }, { owner: uid })) return
  await inTransaction(deps.db, async (tx) => {
    const account = await findByIdForChange(tx, userId)
    const pending = account?.pending_email
    if (account && pending) await requestAddress(tx, deps, account, pending, actor)
    else if (account) await sendVerification(tx, deps, account, memberOf(uid), actor.origin.request)
  })
}

/** What it takes to prove an address by its link. */
export type ProofNeeds = ChangeNeeds & Pick<Deps, 'counts' | 'db' | 'hasher' | 'passwordLists' | 'throttle'>

/**
 * Proves the address of an account, unless that has changed since the message was sent. Nothing ends where whoever made the
 * account uses the link; where somebody else does, who sets a new password, everything older ends.
 * @returns whether the token was one for that
 * @throws Failure what `judgeRequester` throws
 */
export async function verifyAddress(deps: ProofNeeds, token: string, shown: Shown, origin: Origin): Promise<boolean> {
  const proof = await peekProof(deps, 'email-verify', token)
  const account = proof && (await findById(deps.db, proof.user_id ?? 0))
  if (!account || account.disabled_at !== null || account.email_key !== proof.bound['email_key']) return false
  // a mailbox that was proved already has other links for who forgot their password
  const beside = account.email_verified_at === null ? shown : { ...shown, new_password: undefined }
  const hash = await findHash(deps.db, account.id)
  const link = { token, request: proof.request, user_id: account.id, hash, owner: account }
  const requester = await judgeRequester(deps, link, beside, origin)
  const ended = await inTransaction(deps.db, (tx) => proveBy(tx, deps, token, requester, origin))
  deps.counts.ended.password_changed += ended ?? 0
  return ended !== undefined
}

/** @returns how many sessions ended; undefined where the token is no good any more */
async function proveBy(
  tx: Tx,
  deps: ProofNeeds,
  token: string,
  requester: Requester,
  origin: Origin,
): Promise<number | undefined> {
  const redeemed = await redeemOfAccount(tx, deps, 'email-verify', token)
  if (!redeemed || redeemed.account.email_key !== redeemed.bound['email_key']) return undefined
  const { account } = redeemed
  const actor = { uid: account.uid, origin }
  await requireStill(tx, account.id, requester)
  if (requester.asked_for_it) {
    await proveAddress(tx, deps, account, actor)
    return 0
  }
  if (account.email_verified_at !== null) return undefined
  const { sessions } = await endEverythingOlder(tx, deps, account, actor)
  await storeHash(tx, account.id, requester.new_hash, deps.now())
  await proveAddress(tx, deps, account, actor)
  return sessions
}
