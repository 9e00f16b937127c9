/** Access tokens: JWTs by RFC 9068 (`typ: at+jwt`), signed by the ring's current key, verified by the key they name. */
import { randomUUID } from 'node:crypto'
import type { SessionRow } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { BoundedMap } from './bounded-map.ts'
import { type Kind, signJwt, type TimedClaims, verifyJwt } from './jwt.ts'

/** What an access token says of its bearer. */
export interface AccessClaims extends TimedClaims {
  iss: string
  aud: string
  /** the account's uid */
  sub: string
  /** the session */
  sid: string
  jti: string
  /** when and how its owner last proved who they are (RFC 9068, section 2.2.1; RFC 8176) */
  auth_time: number
  amr: readonly string[]
}

/** RFC 9068, section 2.1. */
const ACCESS: Kind<AccessClaims> = {
  typ: 'at+jwt',
  required: ['iss', 'aud', 'sub', 'sid', 'jti', 'iat', 'exp'],
  isSound: ({ sub, sid }) => typeof sub === 'string' && typeof sid === 'string',
}

/** What is asked of a token that was verified before. */
export type KnownToken = Pick<AccessClaims, 'sub' | 'sid' | 'exp'>

/** Verified tokens by their ends: a signature is checked once, and then found. */
export type TokenCache = BoundedMap<string, KnownToken & { token: string }>

/** Makes the cache; it empties itself when the keys change, since one of them may have been withdrawn. */
export function createTokenCache({ config, keys }: Pick<Deps, 'config' | 'keys'>): TokenCache {
  const cache: TokenCache = new BoundedMap(2 * config.session_cache)
  keys.onChange(() => cache.clear())
  return cache
}

/**
 * What a token is found by: the end of its signature, which no other token has. To find it by all of it would mean
 * hashing some 400 characters for each request.
 */
const endOf = (token: string) => token.slice(-40)

/** What a token tells of its session. */
type TokenSession = Pick<SessionRow, 'id' | 'authenticated_at' | 'amr'>

/**
 * Signs an access token for a session.
 * @param expires_at when it must end at the latest, epoch ms
 */
export function signAccessToken(
  deps: Pick<Deps, 'config' | 'keys' | 'now'>,
  { uid, session, expires_at }: { uid: string; session: TokenSession; expires_at: number },
): { token: string; expires_in: number } {
  const { config } = deps
  const now = deps.now()
  const iat = Math.floor(now / 1000)
  const exp = Math.floor(Math.min(now + config.access_token_ttl, expires_at) / 1000)
  const claims: AccessClaims = {
    iss: config.issuer,
    aud: config.audience,
    sub: uid,
    sid: session.id,
    jti: randomUUID(),
    auth_time: Math.floor(session.authenticated_at / 1000),
    amr: [session.amr],
    iat,
    exp,
  }
  return { token: signJwt(deps, ACCESS, claims), expires_in: exp - iat }
}

/** What a token says that this node has verified before, if it still holds. */
export function recallAccessToken(
  { config, now, tokens }: Pick<Deps, 'config' | 'now' | 'tokens'>,
  token: string,
): KnownToken | undefined {
  const known = tokens.get(endOf(token))
  if (known?.token === token && now() < known.exp * 1000 + config.clock_tolerance) return known
  return undefined
}

/**
 * Verifies an access token: form, key, signature, type, issuer, audience, times. Says nothing of its session.
 * @throws Failure token_invalid, with the reason `signature` if that is what is wrong; token_expired
 */
export async function verifyAccessToken(
  deps: Pick<Deps, 'config' | 'counts' | 'jwt' | 'keys' | 'now' | 'tokens'>,
  token: string,
): Promise<KnownToken> {
  const known = recallAccessToken(deps, token)
  deps.counts.tokens[known ? 'hits' : 'misses'] += 1
  if (known) return known
  const { sub, sid, exp } = await verifyJwt(deps, ACCESS, token)
  const verified = { sub, sid, exp, token }
  deps.tokens.set(endOf(token), verified)
  return verified
}
