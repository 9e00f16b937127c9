/** Addresses that accounts claim without having proved them: who proves one takes it from them. */
import { type Account, nameOf } from '../accounts/account.ts'
import { foldIdentifier, isCanonical, isSameMailbox } from '../accounts/identifiers.ts'
import { findClaimant, markVerified, releaseAddress, releasePendingAddress } from '../accounts/write.ts'
import type { Actor } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { Tx } from '../db/transaction.ts'
import { Failure } from '../errors.ts'
import { enqueueMail } from '../mail/enqueue.ts'
import { issueNothing, NOTICE } from '../mail/messages.ts'
import { voidProofs } from '../proofs/proof.ts'
import type { ChangeNeeds } from './needs.ts'

/**
 * Takes an address from those that only claim it. They keep their other name, or are given one, and are told: by their events,
 * and by mail where they have a proved address. An address that an account goes by beside a proved one reserves nothing, and
 * goes whatever its spelling.
 * @param taker the account that has proved it, by its number; undefined where it is about to be made
 * @param claim `former`: the account had it before, and takes it from every claim
 * @throws Failure email_taken where the claim is on another mailbox of that identifier, and the better one
 */
export async function takeAddress(
  tx: Tx,
  deps: ChangeNeeds,
  email: string,
  taker: number | undefined,
  actor: Actor,
  claim: 'new' | 'former' = 'new',
): Promise<void> {
  const key = foldIdentifier(email)
  const claimant = await findClaimant(tx, key, taker)
  if (claimant && claim === 'new' && !yieldsTo(claimant.email ?? '', email)) throw new Failure('email_taken')
  if (claimant) await releaseAddress(tx, claimant, deps.now())
  if (claimant) await tellReleased(tx, deps, claimant, actor)
  const goesBy = await releasePendingAddress(tx, key, taker, deps.now())
  if (goesBy) await tellReleased(tx, deps, goesBy, actor, email)
}

/**
 * Whether an unproved claim on one address gives way to who has proved another that is the same identifier. Who reads one
 * mailbox has proved no other; but a spelling that somebody thought up keeps nobody from the canonical one.
 */
function yieldsTo(claimed: string, proved: string): boolean {
  return isSameMailbox(claimed, proved) || !isCanonical(claimed)
}

/** @param released the address that an account with a proved one went by */
async function tellReleased(
  tx: Tx,
  deps: ChangeNeeds,
  account: Pick<Account, 'id' | 'uid'> & Partial<Account>,
  actor: Actor,
  released?: string,
): Promise<void> {
  const { id, uid } = account
  await voidProofs(tx, id, released === undefined ? undefined : ['email-change'])
  await recordEvent(tx, deps, { action: 'email.release', actor, subject: uid })
  await deps.states.forgetUser(tx, id)
  const { email, locale = null } = account
  if (released === undefined || !email) return
  const name = nameOf({ name: account.name ?? null, username: account.username ?? null })
  const to = { address: email, isProved: true, name } as const
  const facts = { at: deps.now(), email: released }
  const template = 'email-released'
  await enqueueMail(tx, deps, { to, payer: NOTICE, uid, locale, template, facts, issue: issueNothing })
}

/** Notes that the address is the account's: whoever acts has read mail that was sent to it. */
export async function proveAddress(tx: Tx, deps: ChangeNeeds, account: Account, actor: Actor): Promise<void> {
  if (account.email_verified_at !== null) return
  if (account.email !== null) await takeAddress(tx, deps, account.email, account.id, actor)
  await markVerified(tx, account.id, deps.now())
  await voidProofs(tx, account.id, ['email-verify'])
  await deps.states.forgetUser(tx, account.id)
  await recordEvent(tx, deps, { action: 'email.verify', actor, subject: account.uid })
}
