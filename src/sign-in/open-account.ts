import { type Account, getAccount } from '../accounts/account.ts'
import { insertAccount, type Profile } from '../accounts/write.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { storeHash } from '../passwords/password.ts'
import { checkNewPassword } from '../passwords/rules.ts'
import { setRoles } from '../roles/grants.ts'
import type { Role } from '../roles/permissions.ts'
import type { TokenPair } from '../sessions/schema.ts'
import { insertSession, issueTokens, type Origin } from '../sessions/session.ts'
import type { NewUser, Registration } from './schema.ts'

type Needs = Pick<Deps, 'config' | 'db' | 'hasher' | 'now'>

/**
 * Registers a person and signs them in: account, password, role and session appear together or not at all.
 * @throws Failure username_taken, email_taken, password_too_short, overloaded
 */
export async function register(
  deps: Needs & Pick<Deps, 'jwt' | 'keys'>,
  registration: Registration,
  origin: Origin,
): Promise<TokenPair> {
  const hash = await hashNew(deps, registration.password)
  const { session, uid } = await inTransaction(deps.db, async (tx) => {
    const user = await writeAccount(tx, deps, registration, hash, ['user'], false)
    return { session: await insertSession(tx, deps, user.id, origin), uid: user.uid }
  })
  return issueTokens(deps, session, uid)
}

/**
 * Makes an account for somebody else, who signs in later.
 * @throws Failure username_taken, email_taken, password_too_short, overloaded
 */
export async function openAccount(
  deps: Needs,
  { roles = ['user'], disabled = false, ...member }: NewUser,
): Promise<Account> {
  const hash = await hashNew(deps, member.password)
  return inTransaction(deps.db, async (tx) => {
    const { uid } = await writeAccount(tx, deps, member, hash, roles, disabled)
    return getAccount(tx, uid)
  })
}

function hashNew(deps: Needs, password: string): Promise<string> {
  checkNewPassword(deps, password)
  return deps.hasher.hash(password)
}

async function writeAccount(
  tx: Tx,
  { now }: Pick<Deps, 'now'>,
  profile: Profile,
  hash: string,
  roles: readonly Role[],
  disabled: boolean,
) {
  const user = await insertAccount(tx, profile, { now: now(), disabled })
  await storeHash(tx, user.id, hash, now())
  await setRoles(tx, user.id, roles)
  return user
}
