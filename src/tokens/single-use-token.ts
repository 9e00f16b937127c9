/** Tokens that are worth one call each: a JWT of its own kind, whose `jti` is in the database until it is used. */
import { randomUUID } from 'node:crypto'
import type { Deps } from '../deps.ts'
import { type Kind, signJwt, type TimedClaims, verifyJwt } from './jwt.ts'

/** Life of such a token, in ms. Clients of `flask-jwt-demo` count on it, so it is no setting. */
export const SINGLE_USE_TTL = 35 * 60_000

export interface SingleUseClaims extends TimedClaims {
  iss: string
  aud: string
  /** `users.id`, which is never reused */
  user_id: number
  /** the session */
  sid: string
  /** the session's generation that it is the token of; tokens of 0.1.0 lack it */
  generation?: number
  jti: string
}

/** Not that of access tokens: neither kind passes for the other. */
const SINGLE_USE: Kind<SingleUseClaims> = {
  typ: 'single-use+jwt',
  required: ['iss', 'aud', 'user_id', 'sid', 'jti', 'iat', 'exp'],
  isSound: ({ user_id, sid, generation = 0, jti }) =>
    [user_id, generation].every(Number.isSafeInteger) && typeof sid === 'string' && typeof jti === 'string',
}

type Needs = Pick<Deps, 'config' | 'ephemeral' | 'jwt' | 'keys' | 'now'>

/** What a token is made for. */
type Purpose = Pick<SingleUseClaims, 'user_id' | 'sid'> & {
  generation: number
  /** when the session ends, epoch ms: no token outlives it */
  ends_at: number
}

/** Signs a token for a session and makes it good for one use. */
export async function issueSingleUse(deps: Needs, { user_id, sid, generation, ends_at }: Purpose): Promise<string> {
  const { config } = deps
  const now = deps.now()
  const iat = Math.floor(now / 1000)
  const exp = Math.floor(Math.min(now + SINGLE_USE_TTL, ends_at) / 1000)
  const claims = { iss: config.issuer, aud: config.audience, user_id, sid, generation, jti: randomUUID(), iat, exp }
  await allowSingleUse(deps, claims)
  return signJwt(deps, SINGLE_USE, claims)
}

/**
 * Verifies a token, and leaves it unused.
 * @throws Failure token_invalid, token_expired
 */
export function verifySingleUse(deps: Needs, token: string): Promise<SingleUseClaims> {
  return verifyJwt(deps, SINGLE_USE, token)
}

/** Uses up a token that was verified. @returns true to exactly one of any number of callers at once */
export async function takeSingleUse(deps: Needs, claims: SingleUseClaims): Promise<boolean> {
  return (await deps.ephemeral.take(keyOf(claims))) === claims.sid
}

/** Makes a token good for one use, for as long as it lives. */
export async function allowSingleUse({ ephemeral, now }: Needs, claims: SingleUseClaims): Promise<void> {
  const life = claims.exp * 1000 - now()
  if (life > 0) await ephemeral.put(keyOf(claims), claims.sid, life)
}

const keyOf = ({ jti }: SingleUseClaims) => `single-use:${jti}`
