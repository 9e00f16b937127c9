/** Accounts for people whom an administrator has invited by mail. */
import { findByIdentifier, getAccount } from '../accounts/account.ts'
import { foldIdentifier } from '../accounts/identifiers.ts'
import { unproved } from '../accounts/mailbox.ts'
import type { Actor, Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { LIFETIMES } from '../by-mail/lifetimes.ts'
import type { Needs as MailNeeds } from '../by-mail/needs.ts'
import { takeAddress } from '../by-mail/take-address.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { enqueueMail } from '../mail/enqueue.ts'
import { requireRecipient, tooManyRecipients } from '../mail/ledger.ts'
import { linkTo } from '../mail/links.ts'
import { memberOf } from '../mail/messages.ts'
import { issueProof, peekProof, redeemProof } from '../proofs/proof.ts'
import { isAllowed, type Role } from '../roles/permissions.ts'
import type { TokenPair } from '../sessions/schema.ts'
import { beginSession } from './begin-session.ts'
import { hashNew, writeAccount } from './open-account.ts'
import type { Acceptance, Invitation, InvitationSent } from './schema.ts'
import { tokensOf } from './sign-in.ts'

/** What an invitation is bound to. */
interface Bound {
  email: string
  /** comma-separated */
  roles: string
  /** the uid of the administrator */
  invited_by: string
}

/**
 * Sends somebody a link by which to make an account; an older one for the same address is void.
 * @throws Failure email_taken; rate_limited, which leaves the older one good
 */
export async function invite(
  deps: MailNeeds & Pick<Deps, 'db'>,
  { email, roles = ['user'] }: Invitation,
  actor: Actor & { uid: string },
): Promise<InvitationSent> {
  const ttl = LIFETIMES.invitation
  const expires_at = deps.now() + ttl
  await requireRecipient(deps, { account: actor.uid, email, template: 'invitation' })
  await inTransaction(deps.db, async (tx) => {
    // who only claims it does not keep its owner from it
    const holder = await findByIdentifier(tx, email)
    if (holder && holder.email_verified_at !== null) throw new Failure('email_taken')
    const bound = { email, roles: roles.join(), invited_by: actor.uid } satisfies Bound
    const about = foldIdentifier(email)
    const isSent = await enqueueMail(tx, deps, {
      to: unproved(email),
      payer: memberOf(actor.uid),
      uid: null,
      locale: null,
      template: 'invitation',
      facts: {},
      issue: async () => {
        const token = await issueProof(tx, deps, { purpose: 'invitation', user_id: null, about, bound, ttl })
        return { link: linkTo(deps, 'accept-invitation', token), expires_at }
      },
    })
    if (!isSent) throw tooManyRecipients(deps)
    await recordEvent(tx, deps, { action: 'invitation.create', actor, details: { roles: [...roles].sort().join() } })
  })
  return { email, roles: [...roles], expires_at: new Date(expires_at).toISOString() }
}

/**
 * Makes the account that somebody was invited to, and signs them in. What is refused leaves the link good.
 * @throws Failure one_time_token_invalid, also when who invited may not do so any more; username_taken, email_taken,
 * one of `PASSWORD_CODES`, overloaded
 */
export async function acceptInvitation(
  deps: MailNeeds & Pick<Deps, 'counts' | 'db' | 'hasher' | 'keys' | 'passwordLists' | 'states'>,
  { token, password, ...profile }: Acceptance,
  origin: Origin,
): Promise<TokenPair> {
  const invitation = await peekProof(deps, 'invitation', token)
  // before anything is hashed, which is work that not everybody may cause
  if (!invitation) throw new Failure('one_time_token_invalid')
  const { email, roles } = invitation.bound as unknown as Bound
  const hash = await hashNew(deps, password, { ...profile, email }, { origin })
  const draft = { profile: { ...profile, email }, hash, roles: roles.split(',') as Role[], verified: true }
  const opened = await inTransaction(deps.db, async (tx) => {
    const proof = await redeemProof(tx, deps, 'invitation', token)
    if (!proof || !(await mayInvite(tx, String(proof.bound['invited_by'])))) throw new Failure('one_time_token_invalid')
    await takeAddress(tx, deps, email, undefined, { origin })
    const account = await writeAccount(tx, deps, draft, { origin })
    const actor = { uid: account.uid, origin }
    await recordEvent(tx, deps, { action: 'invitation.accept', actor, subject: account.uid })
    return { account, ...(await beginSession(tx, deps, account, origin, { means: 'invitation' })) }
  })
  return tokensOf(deps, opened)
}

/** Roles that somebody gives away end with their own: an invitation must not outlive them. */
async function mayInvite(tx: Tx, uid: string): Promise<boolean> {
  const inviter = await getAccount(tx, uid).catch(() => undefined)
  return inviter?.disabled_at === null && isAllowed(inviter.roles, 'users:write')
}
