/** Signing in for one access token and nothing else: for clients that know no refresh tokens. */

import { findOrDecoy, getAccount } from '../accounts/account.ts'
import type { Origin } from '../audit/actor.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { signAccessToken, verifyAccessToken } from '../tokens/access-token.ts'
import { type NewAccount, openAccountAndSession } from './open-account.ts'
import { requireOpenRegistration } from './register.ts'
import type { Credentials } from './schema.ts'
import { type OpenedSession, openSession, type SignInNeeds } from './sign-in.ts'

/** An access token, and what a device is to keep that was not known. */
export interface TokenOfDevice {
  token: string
  device_token: string | undefined
}

/**
 * Signs a person in by user name or e-mail address; the session ends with its access token.
 * @param tellUnknown whether strangers may learn that nobody has this name; the answer takes as long either way
 * @throws Failure as `signIn` does; user_not_found if that may be told
 */
export async function signInForToken(
  deps: SignInNeeds,
  credentials: Credentials,
  origin: Origin,
  { tellUnknown = false } = {},
): Promise<TokenOfDevice> {
  try {
    return issueToken(deps, await openSession(deps, credentials, origin, lifeOf(deps)))
  } catch (failure) {
    // asked after the password was checked, or a decoy was, so that both have cost the same
    const isKnown = async () => (await findOrDecoy(deps.db, credentials.identifier)).account !== undefined
    if (tellUnknown && isCode(failure, 'invalid_credentials') && !(await isKnown())) throw new Failure('user_not_found')
    throw failure
  }
}

const isCode = (failure: unknown, code: Failure['code']) => failure instanceof Failure && failure.code === code

/**
 * Registers a person and signs them in; the session ends with its access token.
 * @throws Failure username_taken, email_taken, one of `PASSWORD_CODES`, overloaded, registration_closed; email_unverified if
 * the account was made and its address has to be verified before it is of use
 */
export async function registerForToken(
  deps: SignInNeeds & Pick<Deps, 'passwordLists' | 'purse'>,
  registration: NewAccount,
  origin: Origin,
): Promise<TokenOfDevice> {
  requireOpenRegistration(deps)
  const opened = await openAccountAndSession(deps, registration, origin, { life: lifeOf(deps) })
  if (!opened) throw new Failure('email_unverified')
  return issueToken(deps, opened)
}

/** As long as a node may believe the token: a session that ended before would make an expired token a revoked one. */
function lifeOf({ config }: Pick<Deps, 'config'>): number {
  return config.access_token_ttl + config.clock_tolerance
}

function issueToken(
  deps: Pick<Deps, 'config' | 'keys' | 'now'>,
  { account, session, device_token }: OpenedSession,
): TokenOfDevice {
  const { token } = signAccessToken(deps, { uid: account.uid, session, expires_at: session.expires_at })
  return { token, device_token }
}

/**
 * For a token whose session is over: whether there still is an account behind it.
 * @throws Failure user_not_found if there is none
 */
export async function requireAccountOf(
  deps: Pick<Deps, 'config' | 'counts' | 'db' | 'jwt' | 'keys' | 'now' | 'tokens'>,
  token: string,
): Promise<void> {
  const { sub } = await verifyAccessToken(deps, token)
  await getAccount(deps.db, sub)
}
