import { type Account, findOrDecoy } from '../accounts/account.ts'
import { foldIdentifier } from '../accounts/identifiers.ts'
import type { Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { compiled } from '../db/compiled.ts'
import { holdingRows } from '../db/dialect.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { findDevice } from '../devices/device.ts'
import { Failure } from '../errors.ts'
import { checkPassword, renewHash } from '../passwords/password.ts'
import type { TokenPair } from '../sessions/schema.ts'
import { issueTokens } from '../sessions/session.ts'
import { isLocked } from '../throttling/spacings.ts'
import { type Target, targetOfDevice, targetsOfAddress } from '../throttling/throttle.ts'
import { type BegunSession, beginSession } from './begin-session.ts'
import { targetOfName, tellLocked } from './lock.ts'
import type { Credentials } from './schema.ts'

/** What it takes to begin a session for who knows a password. */
export type SignInNeeds = Pick<
  Deps,
  | 'audit'
  | 'config'
  | 'counts'
  | 'db'
  | 'ephemeral'
  | 'gate'
  | 'hasher'
  | 'keys'
  | 'later'
  | 'mailer'
  | 'now'
  | 'states'
  | 'throttle'
>

/** A password that is renewed by a parallel sign-in is checked once more against what was stored meanwhile. */
const ATTEMPTS = 2

/**
 * Signs a person in by user name or e-mail address.
 * @throws Failure invalid_credentials for every cause, account_disabled and email_unverified only to who knows the
 * password, rate_limited, challenge_required, overloaded
 */
export async function signIn(deps: SignInNeeds, credentials: Credentials, origin: Origin): Promise<TokenPair> {
  return tokensOf(deps, await openSession(deps, credentials, origin))
}

/** The tokens of a session that has just begun, and of its device if it was not known. */
export function tokensOf(
  deps: Pick<Deps, 'config' | 'keys' | 'now'>,
  { account, session, device_token }: OpenedSession,
): TokenPair {
  return { ...issueTokens(deps, session, account.uid), ...(device_token !== undefined && { device_token }) }
}

/** A session that has just begun, and whose it is. */
export interface OpenedSession extends BegunSession {
  account: Account
}

/**
 * Begins a session for who knows the password, without a token yet. Tries are counted before anything is hashed: by the
 * device where the account knows it, so that strangers keep no owner out, and otherwise by name and address.
 * @param life how long it lasts at the most, in ms; by default as long as refresh tokens do
 * @throws Failure as `signIn` does
 */
export async function openSession(
  deps: SignInNeeds,
  credentials: Credentials,
  origin: Origin,
  life?: number,
): Promise<OpenedSession> {
  const { identifier } = credentials
  const { account, decoy } = await findOrDecoy(deps.db, identifier)
  const device = await findDevice(deps.db, deps, account?.id, origin)
  const targets: Target[] = device
    ? [targetOfDevice(account?.uid, device)]
    : [targetOfName(identifier), ...targetsOfAddress(origin.ip)]
  const opened = await deps.throttle.run(
    targets,
    async () => {
      if (!device) await deps.gate.pass(origin.proof_of_work)
      return tryPassword(deps, { account, decoy }, credentials, origin, life)
    },
    ([triesOfName = 0]) => {
      deps.gate.note(true)
      if (account && !device && isLocked(triesOfName)) deps.later(() => tellLocked(deps, account, origin))
    },
  )
  deps.gate.note(false)
  return opened
}

async function tryPassword(
  deps: SignInNeeds,
  found: Awaited<ReturnType<typeof findOrDecoy>>,
  { identifier, password }: Credentials,
  origin: Origin,
  life: number | undefined,
): Promise<OpenedSession> {
  let subject: string | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { account, decoy } = attempt === 0 ? found : await findOrDecoy(deps.db, identifier)
    subject = account?.uid
    // by what was typed and not by what was found, or the order of answers would tell whether there is such an account
    const from = { ...origin, account: `name ${foldIdentifier(identifier)}` }
    const hash = await checkPassword(deps, account?.id, password, from, decoy)
    if (!account || hash === undefined) break
    if (account.disabled_at !== null) return refuse(deps, 'account_disabled', subject, origin)
    if (!mayLogIn(deps, account)) return refuse(deps, 'email_unverified', subject, origin)
    const stored = await renewHash(deps, account.id, hash, password, from)
    const begun = await startSession(deps, account, stored, origin, life)
    if (begun) return { account, ...begun }
  }
  return refuse(deps, 'invalid_credentials', subject, origin)
}

/** Whether an account may log in with its password, as far as its address is concerned. */
export function mayLogIn({ config }: Pick<Deps, 'config'>, { email_verified_at }: Account): boolean {
  return config.require_verified_email === 'off' || email_verified_at !== null
}

/** Records that somebody did not get in, whether there is such an account or not, so that both take as long. */
async function refuse(
  deps: Pick<Deps, 'audit' | 'db' | 'now'>,
  failure: 'account_disabled' | 'email_unverified' | 'invalid_credentials',
  subject: string | undefined,
  origin: Origin,
): Promise<never> {
  const details = { means: 'password' }
  await recordEvent(deps.db, deps, { action: 'session.start', actor: { origin }, subject, failure, details })
  throw new Failure(failure)
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
  ),
)

/**
 * Starts a session if the account is still enabled and still has the password that was checked: hashing takes
 * long enough for a password change to overtake it, and that change ends sessions it can see. So it waits for this one; and
 * so do other sign-ins, each of which has to see how many sessions there are.
 */
function startSession(
  deps: SignInNeeds,
  account: Account,
  checkedHash: string,
  origin: Origin,
  life: number | undefined,
): Promise<BegunSession | undefined> {
  return inTransaction(deps.db, async (tx) => {
    const [unchanged] = await selectUnchanged(tx, { user_id: account.id, hash: checkedHash })
    return unchanged && beginSession(tx, deps, account, origin, { life })
  })
}
