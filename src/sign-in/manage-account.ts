/** Changing and removing accounts, with what that means for their sessions. */
import { type Account, getAccount, getAccountForChange } from '../accounts/account.ts'
import { foldMailbox, isSameMailbox } from '../accounts/identifiers.ts'
import { type Profile, updateAccount } from '../accounts/write.ts'
import type { Action } from '../audit/actions.ts'
import type { Actor } from '../audit/actor.ts'
import { erasePersonalParts } from '../audit/erase.ts'
import { type AuditEvent, recordEvent } from '../audit/record.ts'
import { followChange, goBy, mustConfirm, requestAddress } from '../by-mail/change-address.ts'
import type { Needs as MailNeeds } from '../by-mail/needs.ts'
import { replacePassword } from '../by-mail/new-password.ts'
import { isTooMany } from '../by-mail/shares.ts'
import { sendVerification } from '../by-mail/verify-address.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { forgetDevices } from '../devices/device.ts'
import { Failure } from '../errors.ts'
import { requireRecipient } from '../mail/ledger.ts'
import { isMailOn } from '../mail/mailer.ts'
import { payerOf } from '../mail/messages.ts'
import { dropMail } from '../mail/outbox.ts'
import { checkNewPassword } from '../passwords/rules.ts'
import { voidCode } from '../proofs/code.ts'
import { voidProofs } from '../proofs/proof.ts'
import { requireActiveAdmin, setRoles } from '../roles/grants.ts'
import { isAlive, revokeSessions } from '../sessions/end.ts'
import type { UserUpdate } from './schema.ts'

type Needs = MailNeeds & Pick<Deps, 'counts' | 'db' | 'ephemeral' | 'hasher' | 'passwordLists' | 'states'>

/**
 * Changes the given members of an account. Disabling it and setting its password end its sessions.
 * @param actor who changes it
 * @param from the session that asks: it has to live, and a new password does not end it
 * @throws Failure user_not_found, username_taken, email_taken, one of `PASSWORD_CODES`, last_admin, overloaded, rate_limited; session_revoked
 */
export async function changeAccount(
  deps: Needs,
  uid: string,
  update: UserUpdate,
  actor: Actor,
  from?: string,
): Promise<Account> {
  const { password, roles, disabled, ...profile } = update
  if (profile.email !== undefined && actor.uid === uid) await requireFewMessages(deps, uid, update)
  const hash = password === undefined ? undefined : await hashNew(deps, uid, password, profile, actor)
  const { changed, ended } = await inTransaction(deps.db, async (tx) => {
    const account = await getAccountForChange(tx, uid)
    // hashing takes long enough for it to end meanwhile
    if (from !== undefined && !(await isAlive(tx, from))) throw new Failure('session_revoked')
    // before the address, or the one that is wished for along with it would be void at once
    const current = hash ? await withPassword(tx, deps, account, hash, actor) : account
    // the session that asks ends with the old password, and the wish does not
    const asking = hash ? { ...actor, session_id: undefined } : actor
    const changes = await withoutAddress(tx, deps, current, profile, asking)
    await updateAccount(tx, current, changes, { now: deps.now(), disabled })
    if (roles) await setRoles(tx, account.id, roles)
    if (disabled) await voidAll(tx, deps, account)
    for (const event of eventsOf(account, update, changes))
      await recordEvent(tx, deps, { ...event, actor, subject: uid })
    const ended = {
      password_changed: hash ? await revokeSessions(tx, deps, account, 'password_changed', actor, from) : 0,
      account_disabled: disabled ? await revokeSessions(tx, deps, account, 'account_disabled', actor) : 0,
    }
    if (disabled || roles) await keepAnAdmin(tx, account)
    const changed = await getAccount(tx, uid)
    await deps.states.forgetUser(tx, account.id)
    if (changed.email !== null && !isSameMailbox(account.email, changed.email))
      await sendVerification(tx, deps, changed, payerOf(actor), actor.origin.request)
    return { changed, ended }
  })
  deps.counts.ended.password_changed += ended.password_changed
  deps.counts.ended.account_disabled += ended.account_disabled
  return changed
}

/** Sets a password, which drops an address that is not confirmed. @returns the account as it is then */
async function withPassword(tx: Tx, deps: Needs, account: Account, hash: string, actor: Actor): Promise<Account> {
  await replacePassword(tx, deps, account, hash, actor.origin)
  await forgetDevices(tx, deps, account.id)
  return { ...account, pending_email: null, pending_email_key: null }
}

/** Addresses that are asked whether they are somebody's may be strangers'. */
async function requireFewMessages(deps: Needs, uid: string, { email = '', password }: UserUpdate): Promise<void> {
  if (!isMailOn(deps)) return
  const account = await getAccount(deps.db, uid)
  // with a new password one that it goes by already is asked anew
  const isAsked = password === undefined && isSameMailbox(account.pending_email, email)
  if (isSameMailbox(account.email, email) || isAsked) return
  await requireRecipient(deps, { account: uid, email, template: 'email-change-confirm' })
  if (await isTooMany(deps, { kind: 'email-change', email }, { owner: uid }))
    throw new Failure('rate_limited', { retryAfter: 3600 })
}

/** Makes everything void that the account was sent. */
async function voidAll(tx: Tx, deps: Needs, { id, email }: Account): Promise<void> {
  await voidProofs(tx, id)
  if (email !== null) await voidCode(tx, deps, foldMailbox(email))
}

/** Hashes a password for an account that is changed along with it; what it is called after that counts. */
async function hashNew(
  deps: Needs,
  uid: string,
  password: string,
  profile: Profile,
  { uid: asking = '', origin }: Actor,
): Promise<string> {
  await checkNewPassword(deps, password, { ...(await getAccount(deps.db, uid)), ...profile })
  return deps.hasher.hash(password, { ...origin, account: `uid ${asking}` })
}

/**
 * Sees to a new address. Where it has to be confirmed, the owner of the account gets it later, and where they have proved
 * another one they only go by it; an administrator's word counts at once, and nobody takes it back.
 * @returns what is to be changed now
 */
async function withoutAddress(tx: Tx, deps: Needs, account: Account, profile: Profile, actor: Actor): Promise<Profile> {
  const { email, ...others } = profile
  if (email === undefined || isSameMailbox(account.email, email)) return profile
  if (actor.uid !== account.uid) {
    await voidProofs(tx, account.id)
    return profile
  }
  // it is asked already
  if (isSameMailbox(account.pending_email, email)) return others
  if (!mustConfirm(deps.config) && account.email_verified_at === null) {
    await followChange(tx, deps, account, email)
    return profile
  }
  if (mustConfirm(deps.config)) await requestAddress(tx, deps, account, email, actor)
  else await goBy(tx, deps, account, email, actor)
  return others
}

/** What an update comes to: which members of the profile it changes, and never to what. */
function eventsOf(
  before: Account,
  { password, roles, disabled }: UserUpdate,
  profile: Profile,
): Pick<AuditEvent, 'action' | 'details'>[] {
  const members = Object.keys(profile).sort().join()
  const switched: Action = disabled ? 'account.disable' : 'account.enable'
  return [
    ...(members ? [{ action: 'account.update' as const, details: { members } }] : []),
    ...(roles ? [{ action: 'roles.change' as const, details: { roles: [...roles].sort().join() } }] : []),
    ...(password === undefined ? [] : [{ action: 'password.change' as const }]),
    ...(disabled === undefined || disabled === (before.disabled_at !== null) ? [] : [{ action: switched }]),
  ]
}

/**
 * Removes an account with everything that belongs to it, and what is personal from the events about it.
 * @param actor who removes it
 * @throws Failure user_not_found, last_admin
 */
export async function removeAccount(deps: Needs, uid: string, actor: Actor): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    const account = await getAccountForChange(tx, uid)
    await tx.deleteFrom('users').where('id', '=', account.id).execute()
    await keepAnAdmin(tx, account)
    await dropMail(tx, uid)
    await erasePersonalParts(tx, uid)
    // where the owner was is not to be known any more either
    const origin = { ...actor.origin, ip: undefined, user_agent: undefined }
    const by = actor.uid === uid ? { ...actor, origin } : actor
    await recordEvent(tx, deps, { action: 'account.delete', actor: by, subject: uid })
    await deps.states.forgetUser(tx, account.id)
  })
}

/** A service that never had an admin may go on without; one that has must not lose the last. */
async function keepAnAdmin(tx: Tx, before: Account): Promise<void> {
  if (before.roles.includes('admin') && before.disabled_at === null) await requireActiveAdmin(tx)
}
