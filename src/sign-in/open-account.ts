import { type Account, getAccount } from '../accounts/account.ts'
import { insertAccount, type Profile } from '../accounts/write.ts'
import type { Actor, Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import type { Claimant } from '../passwords/admission.ts'
import { storeHash } from '../passwords/password.ts'
import { checkNewPassword } from '../passwords/rules.ts'
import { setRoles } from '../roles/grants.ts'
import type { Role } from '../roles/permissions.ts'
import type { TokenPair } from '../sessions/schema.ts'
import { beginSession } from './begin-session.ts'
import { type OpenedSession, tokensOf } from './sign-in.ts'

type Needs = Pick<Deps, 'audit' | 'config' | 'db' | 'hasher' | 'now' | 'passwordLists'>
type SessionNeeds = Needs & Pick<Deps, 'keys' | 'mailer'>

/** What an account is made of. It needs a user name or an e-mail address to log in by; not every API asks for both. */
export interface NewAccount extends Profile {
  password: string
}

/**
 * Registers a person and signs them in: account, password, role and session appear together or not at all.
 * @throws Failure username_taken, email_taken, one of `PASSWORD_CODES`, overloaded
 */
export async function register(deps: SessionNeeds, registration: NewAccount, origin: Origin): Promise<TokenPair> {
  return tokensOf(deps, await openAccountAndSession(deps, registration, origin))
}

/**
 * The account and its first session, without a token yet.
 * @param life how long the session lasts at the most, in ms; by default as long as refresh tokens do
 * @throws Failure as `register` does
 */
export async function openAccountAndSession(
  deps: SessionNeeds,
  { password, ...profile }: NewAccount,
  origin: Origin,
  life?: number,
): Promise<OpenedSession> {
  const hash = await hashNew(deps, password, profile, origin)
  return inTransaction(deps.db, async (tx) => {
    const { uid } = await writeAccount(tx, deps, profile, hash, ['user'], false, { origin })
    const account = await getAccount(tx, uid)
    return { account, ...(await beginSession(tx, deps, account, origin, { life })) }
  })
}

/**
 * Makes an account whose owner signs in later.
 * @param actor who makes it
 * @throws Failure username_taken, email_taken, one of `PASSWORD_CODES`, overloaded
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
  const hash = await hashNew(deps, password, profile)
  return inTransaction(deps.db, async (tx) => {
    const { uid } = await writeAccount(tx, deps, profile, hash, roles, disabled, actor)
    return getAccount(tx, uid)
  })
}

async function hashNew(deps: Needs, password: string, owner: Profile, from?: Claimant): Promise<string> {
  await checkNewPassword(deps, password, owner)
  return deps.hasher.hash(password, from)
}

async function writeAccount(
  tx: Tx,
  deps: Pick<Deps, 'audit' | 'now'>,
  profile: Profile,
  hash: string,
  roles: readonly Role[],
  disabled: boolean,
  actor: Actor,
) {
  const now = deps.now()
  const user = await insertAccount(tx, profile, { now, disabled })
  await storeHash(tx, user.id, hash, now)
  await setRoles(tx, user.id, roles)
  const details = { roles: [...roles].sort().join() }
  await recordEvent(tx, deps, { action: 'account.create', actor, subject: user.uid, details })
  return user
}
