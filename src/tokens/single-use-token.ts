/** Tokens that are worth one call each: a JWT of its own kind, whose `jti` is in the database until it is used. */
import { randomUUID } from 'node:crypto'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
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
  jti: string
}

/** Not that of access tokens: neither kind passes for the other. */
const SINGLE_USE: Kind<SingleUseClaims> = {
  typ: 'single-use+jwt',
  required: ['iss', 'aud', 'user_id', 'sid', 'jti', 'iat', 'exp'],
  isSound: ({ user_id, sid, jti }) =>
    Number.isSafeInteger(user_id) && typeof sid === 'string' && typeof jti === 'string',
}

type Needs = Pick<Deps, 'config' | 'ephemeral' | 'jwt' | 'keys' | 'now'>

/** Signs a token for a session and makes it good for one use. */
export async function issueSingleUse(deps: Needs, { user_id, sid }: Pick<SingleUseClaims, 'user_id' | 'sid'>) {
  const { config } = deps
  const now = deps.now()
  const iat = Math.floor(now / 1000)
  const exp = Math.floor((now + SINGLE_USE_TTL) / 1000)
  const claims = { iss: config.issuer, aud: config.audience, user_id, sid, jti: randomUUID(), iat, exp }
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

/**
 * Verifies a token and uses it up: of any number of callers at once, exactly one gets its claims.
 * @throws Failure token_invalid, token_expired
 */
export async function takeSingleUse(deps: Needs, token: string): Promise<SingleUseClaims> {
  const claims = await verifySingleUse(deps, token)
  const sid = await deps.ephemeral.take(keyOf(claims))
  if (sid !== claims.sid) throw new Failure('token_invalid', { detail: 'It was used before.' })
  return claims
}

/** Makes a token good for one use, for as long as it lives. */
export async function allowSingleUse({ ephemeral, now }: Needs, claims: SingleUseClaims): Promise<void> {
  const life = claims.exp * 1000 - now()
  if (life > 0) await ephemeral.put(keyOf(claims), claims.sid, life)
}

const keyOf = ({ jti }: SingleUseClaims) => `single-use:${jti}`
