import { type Account, getAccount } from '../accounts/account.ts'
import { foldIdentifier } from '../accounts/identifiers.ts'
import { insertAccount, markVerified, type Profile } from '../accounts/write.ts'
import type { Actor, Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { Needs as MailNeeds } from '../by-mail/needs.ts'
import { sendVerification } from '../by-mail/verify-address.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { isMailOn } from '../mail/mailer.ts'
import { payerOf } from '../mail/messages.ts'
import type { Claimant } from '../passwords/admission.ts'
import { storeHash } from '../passwords/password.ts'
import { checkNewPassword } from '../passwords/rules.ts'
import { setRoles } from '../roles/grants.ts'
import type { Role } from '../roles/permissions.ts'
import { beginSession } from './begin-session.ts'
import { mayLogIn, type OpenedSession } from './sign-in.ts'

type Needs = MailNeeds & Pick<Deps, 'counts' | 'db' | 'hasher' | 'passwordLists' | 'purse' | 'states'>

/** What an account is made of. It needs a user name or an e-mail address to log in by; not every API asks for both. */
export interface NewAccount extends Profile {
  password: string
}

/**
 * Registers a person and signs them in: account, password, role and session appear together or not at all.
 * @param how how long the session lasts at the most, in ms, by default as long as refresh tokens do; and the digest of the
 * token that whoever registers is given, where the address has to be verified first
 * @returns the account and its session, without a token yet; undefined where the address has to be verified first
 * @throws Failure username_taken, email_taken, one of `PASSWORD_CODES`, overloaded, challenge_required
 */
export async function openAccountAndSession(
  deps: Needs,
  { password, ...profile }: NewAccount,
  origin: Origin,
  { life, request }: { life?: number; request?: string } = {},
): Promise<OpenedSession | undefined> {
  await payForMessage(deps, profile, { origin })
  const hash = await hashNew(deps, password, profile, { origin })
  return inTransaction(deps.db, async (tx) => {
    const account = await writeAccount(tx, deps, { profile, hash, roles: ['user'], request }, { origin })
    if (!mayLogIn(deps, account)) return undefined
    return { account, ...(await beginSession(tx, deps, account, origin, { life, means: 'registration' })) }
  })
}

/**
 * Makes an account whose owner signs in later.
 * @param actor who makes it
 * @throws Failure username_taken, email_taken, one of `PASSWORD_CODES`, overloaded; challenge_required to strangers
 */
export async function openAccount(
  deps: Needs,
  {
    roles = ['user'],
    disabled = false,
    password,
    ...profile
  }: NewAccount & { roles?: readonly Role[]; disabled?: boolean },
  actor: Actor,
): Promise<Account> {
  await payForMessage(deps, profile, actor)
  const hash = await hashNew(deps, password, profile, actor)
  return inTransaction(deps.db, (tx) => writeAccount(tx, deps, { profile, hash, roles, disabled }, actor))
}

/** The address of a new account is sent something; where a stranger makes it, that may be anybody's. */
async function payForMessage(
  deps: Pick<Deps, 'config' | 'purse'>,
  { email }: Profile,
  { uid, origin }: Actor,
): Promise<void> {
  if (email !== undefined && uid === undefined && isMailOn(deps)) await deps.purse.pay(origin.proof_of_work)
}

/**
 * Judges the password of an account that is to be, and hashes it.
 * @param actor who makes it, and waits for a fair turn
 * @throws Failure one of `PASSWORD_CODES`, overloaded
 */
export async function hashNew(
  deps: Pick<Deps, 'config' | 'hasher' | 'passwordLists'>,
  password: string,
  owner: Profile,
  actor: Actor,
): Promise<string> {
  await checkNewPassword(deps, password, owner)
  return deps.hasher.hash(password, claimantOf(actor, owner))
}

/** Who is not signed in is told apart by what they want to be called. */
function claimantOf({ uid, origin }: Actor, { username, email }: Profile): Claimant {
  return { ...origin, account: uid === undefined ? `name ${foldIdentifier(username ?? email ?? '')}` : `uid ${uid}` }
}

/** All of an account before it is written. */
interface Draft {
  profile: Profile
  hash: string
  roles: readonly Role[]
  disabled?: boolean
  /** whether whoever makes it has read what was sent to the address */
  verified?: boolean
  /** the digest of the request token that whoever registers is given */
  request?: string | undefined
}

/**
 * Adds an account with its password and its roles. An address that is not verified is sent the link that does it.
 * @throws Failure username_taken, email_taken
 */
export async function writeAccount(
  tx: Tx,
  deps: MailNeeds,
  { profile, hash, roles, disabled = false, verified = false, request }: Draft,
  actor: Actor,
): Promise<Account> {
  const now = deps.now()
  const { id, uid } = await insertAccount(tx, profile, { now, disabled })
  if (verified) await markVerified(tx, id, now)
  await storeHash(tx, id, hash, now)
  await setRoles(tx, id, roles)
  const details = { roles: [...roles].sort().join() }
  await recordEvent(tx, deps, { action: 'account.create', actor, subject: uid, details })
  const account = await getAccount(tx, uid)
  if (!disabled) await sendVerification(tx, deps, account, payerOf(actor), request)
  return account
}
