import { type Account, findByIdentifier } from '../accounts/account.ts'
import { foldIdentifier } from '../accounts/identifiers.ts'
import type { Origin } from '../audit/actor.ts'
import { compiled } from '../db/compiled.ts'
import { holdingRows } from '../db/dialect.ts'
import type { SessionRow } from '../db/schema.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { checkPassword, renewHash } from '../passwords/password.ts'
import type { TokenPair } from '../sessions/schema.ts'
import { insertSession, issueTokens } from '../sessions/session.ts'
import type { Credentials } from './schema.ts'

type Needs = Pick<Deps, 'config' | 'db' | 'hasher' | 'keys' | 'now'>

/** A password that is renewed by a parallel sign-in is checked once more against what was stored meanwhile. */
const ATTEMPTS = 2

/**
 * Signs a person in by user name or e-mail address.
 * @throws Failure invalid_credentials for every cause, account_disabled only to who knows the password, overloaded
 */
export async function signIn(deps: Needs, credentials: Credentials, origin: Origin): Promise<TokenPair> {
  const { account, session } = await openSession(deps, credentials, origin)
  return issueTokens(deps, session, account.uid)
}

/** A session that has just begun, and whose it is. */
export interface OpenedSession {
  account: Account
  session: SessionRow
}

/**
 * Begins a session for who knows the password, without a token yet.
 * @param life how long it lasts at the most, in ms; by default as long as refresh tokens do
 * @throws Failure as `signIn` does
 */
export async function openSession(
  deps: Pick<Deps, 'config' | 'db' | 'hasher' | 'now'>,
  { identifier, password }: Credentials,
  origin: Origin,
  life?: number,
): Promise<OpenedSession> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const account = await findByIdentifier(deps.db, identifier)
    // by what was typed and not by what was found, or the order of answers would tell whether there is such an account
    const from = { ...origin, account: `name ${foldIdentifier(identifier)}` }
    const hash = await checkPassword(deps, account?.id, password, from)
    if (!account || hash === undefined) break
    if (account.disabled_at !== null) throw new Failure('account_disabled')
    const stored = await renewHash(deps, account.id, hash, password, from)
    const session = await startSession(deps, account.id, stored, origin, life)
    if (session) return { account, session }
  }
  throw new Failure('invalid_credentials')
}

const selectUnchanged = compiled<{ user_id: number; hash: string }, { id: number }>((db, stand) =>
  holdingRows(
    db,
    db
      .selectFrom('users')
      .innerJoin('passwords', 'passwords.user_id', 'users.id')
      .select('users.id')
      .where('users.id', '=', stand('user_id'))
      .where('users.disabled_at', 'is', null)
      .where('passwords.hash', '=', stand('hash')),
    'share',
  ),
)

/**
 * Starts a session if the account is still enabled and still has the password that was checked: hashing takes
 * long enough for a password change to overtake it, and that change ends sessions it can see. So it waits for this one.
 */
function startSession(
  deps: Pick<Deps, 'config' | 'db' | 'now'>,
  userId: number,
  checkedHash: string,
  origin: Origin,
  life: number | undefined,
): Promise<SessionRow | undefined> {
  return inTransaction(deps.db, async (tx) => {
    const [account] = await selectUnchanged(tx, { user_id: userId, hash: checkedHash })
    return account && insertSession(tx, deps, userId, origin, life)
  })
}
