/** Sessions whose token is good for one call, which answers with the next. */

import { type Account, findById } from '../accounts/account.ts'
import type { Origin } from '../audit/actor.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import {
  allowSingleUse,
  issueSingleUse,
  SINGLE_USE_TTL,
  type SingleUseClaims,
  takeSingleUse,
} from '../tokens/single-use-token.ts'
import type { Credentials } from './schema.ts'
import { openSession, type SignInNeeds } from './sign-in.ts'
import type { TokenOfDevice } from './single-token.ts'

type Needs = Pick<Deps, 'config' | 'db' | 'ephemeral' | 'jwt' | 'keys' | 'now'>

/** Who has used a token, and the session that it was for. */
export interface Bearer {
  account: Account
  session_id: string
}

/**
 * Signs a person in by user name or e-mail address.
 * @returns the first token of the session
 * @throws Failure as `signIn` does
 */
export async function signInForSingleUse(
  deps: Needs & SignInNeeds,
  credentials: Credentials,
  origin: Origin,
): Promise<TokenOfDevice> {
  const { account, session, device_token } = await openSession(deps, credentials, origin, lifeOf(deps))
  return { token: await issueNext(deps, { account, session_id: session.id }), device_token }
}

/** The session ends unless its token is used: as long as a node may believe it. */
function lifeOf({ config }: Pick<Deps, 'config'>): number {
  return SINGLE_USE_TTL + config.clock_tolerance
}

/** The token after the one that was used. */
export function issueNext(deps: Needs, { account, session_id }: Bearer): Promise<string> {
  return issueSingleUse(deps, { user_id: account.id, sid: session_id })
}

/**
 * Uses up a token for some work. Of any number of calls with one token, the work is done for one. A token whose work
 * fails was not used: an answer that tells a failure has no room for the next one.
 * @throws Failure token_invalid, token_expired, session_ended, user_not_found, and whatever the work throws
 */
export async function spendToken<T>(deps: Needs, token: string, work: (bearer: Bearer) => Promise<T>): Promise<T> {
  const claims = await takeSingleUse(deps, token)
  try {
    return await work(await carryOn(deps, claims))
  } catch (failure) {
    // of a session that is over, it would be worth nothing; the database may be what failed
    await allowSingleUse(deps, claims).catch(() => {})
    throw failure
  }
}

/** Puts off the end of the session, if it lives and its account is enabled: the one question that decides. */
async function carryOn(deps: Needs, { sid, user_id }: SingleUseClaims): Promise<Bearer> {
  const { db, now } = deps
  const session = await db
    .updateTable('sessions')
    .set({ last_used_at: now(), expires_at: now() + lifeOf(deps) })
    .where('id', '=', sid)
    .where('user_id', '=', user_id)
    .where('revoked_at', 'is', null)
    .where('user_id', 'in', (eb) =>
      eb.selectFrom('users').select('users.id').where('users.id', '=', user_id).where('users.disabled_at', 'is', null),
    )
    .returning('id')
    .executeTakeFirst()
  const account = await findById(db, user_id)
  if (!account) throw new Failure('user_not_found')
  if (!session) throw new Failure('session_ended')
  return { account, session_id: session.id }
}
