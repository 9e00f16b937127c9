/** Sessions whose token is good for one call, which answers with the next. */
import { sql } from 'kysely'
import { type Account, findById } from '../accounts/account.ts'
import type { Origin } from '../audit/actor.ts'
import type { SessionRow } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { endSession } from '../sessions/end.ts'
import { endOf } from '../sessions/session.ts'
import {
  allowSingleUse,
  issueSingleUse,
  SINGLE_USE_TTL,
  type SingleUseClaims,
  takeSingleUse,
  verifySingleUse,
} from '../tokens/single-use-token.ts'
import type { Credentials } from './schema.ts'
import { openSession, type SignInNeeds } from './sign-in.ts'
import type { TokenOfDevice } from './single-token.ts'

type Needs = Pick<Deps, 'audit' | 'config' | 'counts' | 'db' | 'ephemeral' | 'jwt' | 'keys' | 'log' | 'now' | 'states'>

/** Who has used a token, and the session that it was for, as it stands now. */
export interface Bearer {
  account: Account
  session_id: string
  session: SessionRow
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
  return { token: await issueNext(deps, { account, session }), device_token }
}

/** The session ends unless its token is used: as long as a node may believe it. */
function lifeOf({ config }: Pick<Deps, 'config'>): number {
  return SINGLE_USE_TTL + config.clock_tolerance
}

/** The token after the one that was used. */
export function issueNext(deps: Needs, { account, session }: Pick<Bearer, 'account' | 'session'>): Promise<string> {
  const { id: sid, generation } = session
  return issueSingleUse(deps, { user_id: account.id, sid, generation, ends_at: endOf(deps, session) })
}

/**
 * Uses up a token for some work. Of any number of calls with one token, the work is done for one. A token whose work
 * fails was not used: an answer that tells a failure has no room for the next one.
 * @throws Failure token_invalid, token_expired, session_revoked, user_not_found, and whatever the work throws
 */
export async function spendToken<T>(
  deps: Needs,
  token: string,
  origin: Origin,
  work: (bearer: Bearer) => Promise<T>,
): Promise<T> {
  const claims = await verifySingleUse(deps, token)
  if (!(await takeSingleUse(deps, claims))) return refuseUsed(deps, claims, origin)
  let bearer: Bearer | undefined
  try {
    bearer = await carryOn(deps, claims)
    return await work(bearer)
  } catch (failure) {
    // of a session that is over, it would be worth nothing; the database may be what failed
    await giveBack(deps, claims, bearer).catch(() => {})
    throw failure
  }
}

/**
 * Moves the session on by one generation and puts off its end, if it lives and its account is enabled: the one question
 * that decides. No session outlives `REFRESH_TOKEN_TTL`, however often it is carried on.
 */
async function carryOn(deps: Needs, { sid, user_id, generation }: SingleUseClaims): Promise<Bearer> {
  const { config, db } = deps
  const now = deps.now()
  const latest = sql<number>`created_at + ${config.refresh_token_ttl}`
  const next = sql<number>`cast(${now + lifeOf(deps)} as bigint)`
  const session = await db
    .updateTable('sessions')
    .set({
      generation: generation === undefined ? sql<number>`generation + 1` : generation + 1,
      rotated_at: now,
      last_used_at: now,
      expires_at: sql<number>`case when ${latest} < ${next} then ${latest} else ${next} end`,
    })
    .where('id', '=', sid)
    .where('user_id', '=', user_id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .where('created_at', '>', now - config.refresh_token_ttl)
    .where('last_used_at', '>', now - config.session_idle_ttl)
    .where('user_id', 'in', (eb) =>
      eb.selectFrom('users').select('users.id').where('users.id', '=', user_id).where('users.disabled_at', 'is', null),
    )
    .returningAll()
    .executeTakeFirst()
  const account = await findById(db, user_id)
  if (!account) throw new Failure('user_not_found')
  if (!session) throw new Failure('session_revoked')
  return { account, session_id: session.id, session }
}

/** Makes a token good again whose work failed, and its session be where it was: before anybody can use it. */
async function giveBack(deps: Needs, claims: SingleUseClaims, bearer: Bearer | undefined): Promise<void> {
  if (bearer) {
    const { id, generation } = bearer.session
    await deps.db
      .updateTable('sessions')
      .set({ generation: generation - 1 })
      .where('id', '=', id)
      .where('generation', '=', generation)
      .execute()
  }
  await allowSingleUse(deps, claims)
}

/** Refuses a token that was used; one that must have come into other hands ends its session. */
async function refuseUsed(deps: Needs, claims: SingleUseClaims, origin: Origin): Promise<never> {
  const { sid: session_id } = claims
  const session = await deps.db.selectFrom('sessions').selectAll().where('id', '=', session_id).executeTakeFirst()
  if (session && isReplay(deps, session, claims)) {
    const isEnded = await endSession(deps, session_id, 'single_use_token_reused', { origin })
    if (isEnded) deps.log.warn({ session_id, ip: session.ip }, 'a used token came back; its session was ended')
  }
  throw new Failure('token_invalid', { detail: 'It was used before.' })
}

/**
 * Whether a used token comes from somebody who copied it, and not from a call that its owner made twice: its successor was
 * used already, or it was used itself longer than the grace window ago. Of a token that does not say which one it is nobody
 * knows.
 */
function isReplay({ config, now }: Needs, session: SessionRow, { generation }: SingleUseClaims): boolean {
  if (generation === undefined) return false
  const uses = session.generation - generation
  return uses > 1 || (uses === 1 && now() - session.rotated_at >= config.refresh_grace)
}
