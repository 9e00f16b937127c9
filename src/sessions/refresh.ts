/** Exchanging a refresh token: rotation by compare-and-swap, a grace window for lost replies, theft beyond it. */
import type { Origin } from '../audit/actor.ts'
import { compiled } from '../db/compiled.ts'
import type { SessionRow } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { endSession } from './end.ts'
import { isAuthentic, type PresentedToken, parseRefreshToken } from './refresh-token.ts'
import type { TokenPair } from './schema.ts'
import { endOf, issueTokens } from './session.ts'

/** What became of a refresh token that was presented. `ended`: revoked, or the account is disabled. */
export type RefreshOutcome = 'refreshed' | 'repeated' | 'reused' | 'ended' | 'expired' | 'invalid'

type Needs = Pick<Deps, 'audit' | 'config' | 'counts' | 'db' | 'keys' | 'log' | 'now' | 'states'>

/** A session with what rotation must know of its owner. */
type OwnedSession = SessionRow & { uid: string; disabled_at: number | null }

/**
 * Exchanges a refresh token for its successor and a new access token. Of any number of parallel calls with one token
 * all get the same successor; so does a call within the grace window after it. An older token ends the session.
 * @throws Failure refresh_token_invalid, refresh_token_expired, refresh_token_reused
 */
export async function refreshSession(deps: Needs, token: string, origin: Origin): Promise<TokenPair> {
  const presented = parseRefreshToken(token)
  if (!presented) return refuse(deps, 'invalid')
  const session = await authenticate(deps, presented)
  if (presented.generation === session.generation) {
    const rotated = await rotate(deps, session)
    if (rotated) {
      deps.counts.refreshes.refreshed += 1
      return issueTokens(deps, rotated, session.uid)
    }
    // somebody else moved the session meanwhile: judge the token against where it is now
    return repeat(deps, await authenticate(deps, presented), presented, origin)
  }
  return repeat(deps, session, presented, origin)
}

const selectOwned = compiled<{ id: string }, OwnedSession>((db, stand) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .selectAll('sessions')
    .select(['users.uid', 'users.disabled_at'])
    .where('sessions.id', '=', stand('id')),
)

/** The living session that the token was made for. */
async function authenticate(deps: Needs, presented: PresentedToken): Promise<OwnedSession> {
  const [session] = await selectOwned(deps.db, { id: presented.session_id })
  if (!session || !isAuthentic(deps.keys.refreshKeys, session, presented)) return refuse(deps, 'invalid')
  if (session.revoked_reason === 'refresh_token_reused') return refuse(deps, 'reused')
  if (session.revoked_at !== null || session.disabled_at !== null) return refuse(deps, 'ended')
  if (endOf(deps, session) <= deps.now()) return refuse(deps, 'expired')
  return session
}

/** What a refusal is called in the contract; that somebody ended the session is told to nobody who only has its token. */
const REFUSALS = {
  reused: 'refresh_token_reused',
  ended: 'refresh_token_invalid',
  expired: 'refresh_token_expired',
  invalid: 'refresh_token_invalid',
} as const

function refuse({ counts }: Needs, outcome: keyof typeof REFUSALS): never {
  counts.refreshes[outcome] += 1
  throw new Failure(REFUSALS[outcome])
}

const moveOn = compiled<{ id: string; generation: number; next: number; at: number }, SessionRow>((db, stand) =>
  db
    .updateTable('sessions')
    .set({ generation: stand('next'), rotated_at: stand('at'), last_used_at: stand('at') })
    .where('id', '=', stand('id'))
    .where('generation', '=', stand('generation'))
    .where('revoked_at', 'is', null)
    .returningAll(),
)

/** Moves the session on by one generation; undefined if it is no longer where we saw it. */
async function rotate({ db, now }: Needs, { id, generation }: SessionRow): Promise<SessionRow | undefined> {
  const [moved] = await moveOn(db, { id, generation, next: generation + 1, at: now() })
  return moved
}

/** Answers a token that was exchanged before. */
async function repeat(
  deps: Needs,
  session: OwnedSession,
  presented: PresentedToken,
  origin: Origin,
): Promise<TokenPair> {
  if (presented.generation > session.generation) return refuse(deps, 'invalid')
  const inGrace =
    presented.generation === session.generation - 1 && deps.now() - session.rotated_at < deps.config.refresh_grace
  if (!inGrace) return endStolenSession(deps, session, presented, origin)
  deps.counts.refreshes.repeated += 1
  return issueTokens(deps, session, session.uid)
}

/** Ends the session whose refresh token came back after it had been replaced: thief and owner look alike. */
async function endStolenSession(
  deps: Needs,
  session: SessionRow,
  presented: PresentedToken,
  origin: Origin,
): Promise<never> {
  const isEndedHere = await endSession(deps, session.id, 'refresh_token_reused', { origin })
  // who ended it meanwhile has said why, and every later answer will say the same
  if (!isEndedHere) await authenticate(deps, presented)
  deps.log.warn({ session_id: session.id, ip: session.ip }, 'a replaced refresh token came back; its session was ended')
  return refuse(deps, 'reused')
}
