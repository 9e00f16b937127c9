/** Access tokens: JWTs by RFC 9068 (`typ: at+jwt`), signed by the ring's current key, verified by the key they name. */
import { randomUUID } from 'node:crypto'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { BoundedMap } from './bounded-map.ts'

/** The part of `@fastify/jwt` that tokens need. */
export interface Jwt {
  sign(payload: object, options: object): string
  verify<T extends object>(token: string, options: object): T
  decode(token: string, options: object): unknown
}

/** RFC 9068, section 2.1. */
const TYPE = 'at+jwt'

/** What an access token says of its bearer. */
export interface AccessClaims {
  iss: string
  aud: string
  /** the account's uid */
  sub: string
  /** the session */
  sid: string
  jti: string
  /** seconds since the epoch, as JWT wants it; so are the next two */
  iat: number
  exp: number
  nbf?: number
}

/** Verified tokens: a signature is checked once, and then found. */
export type TokenCache = BoundedMap<string, AccessClaims>

/** How many verified tokens a node remembers; one takes about 1 KiB. */
const CACHED_TOKENS = 20_000

/** Makes the cache; it empties itself when the keys change, since one of them may have been withdrawn. */
export function createTokenCache(keys: Deps['keys']): TokenCache {
  const cache: TokenCache = new BoundedMap(CACHED_TOKENS)
  keys.onChange(() => cache.clear())
  return cache
}

/** Longer strings are refused unread; ours have at most about 800 characters (RS256, long issuer). */
const MAX_LENGTH = 4096

/**
 * Signs an access token for a session.
 * @param expires_at when it must end at the latest, epoch ms
 */
export function signAccessToken(
  deps: Pick<Deps, 'config' | 'jwt' | 'keys' | 'now'>,
  { uid, session_id, expires_at }: { uid: string; session_id: string; expires_at: number },
): { token: string; expires_in: number } {
  const { config, jwt, keys } = deps
  const now = deps.now()
  const iat = Math.floor(now / 1000)
  const exp = Math.floor(Math.min(now + config.access_token_ttl, expires_at) / 1000)
  const key = keys.current()
  const claims: AccessClaims = {
    iss: config.issuer,
    aud: config.audience,
    sub: uid,
    sid: session_id,
    jti: randomUUID(),
    iat,
    exp,
  }
  const token = jwt.sign(claims, { key: key.secret, algorithm: key.alg, kid: key.kid, typ: TYPE })
  return { token, expires_in: exp - iat }
}

/** The claims of a token that this node has verified before, if it still holds. */
export function recallAccessToken({ config, now, tokens }: Pick<Deps, 'config' | 'now' | 'tokens'>, token: string) {
  const claims = tokens.get(token)
  if (claims && now() < claims.exp * 1000 + config.clock_tolerance) return claims
  return undefined
}

/**
 * Verifies an access token: form, key, signature, type, issuer, audience, times. Says nothing of its session.
 * @throws Failure token_invalid, token_expired
 */
export async function verifyAccessToken(
  deps: Pick<Deps, 'config' | 'jwt' | 'keys' | 'now' | 'tokens'>,
  token: string,
): Promise<AccessClaims> {
  const known = recallAccessToken(deps, token)
  if (known) return known
  const key = await deps.keys.find(readKid(deps.jwt, token))
  if (!key) throw new Failure('token_invalid', { detail: 'It was not signed by a key of this service.' })
  const claims = checkSignature(deps, token, key)
  checkTimes(deps, claims)
  deps.tokens.set(token, claims)
  return claims
}

/** The `kid` that the header names; the header is not to be believed for more than looking up the key. */
function readKid(jwt: Jwt, token: string): string {
  if (token.length > MAX_LENGTH) throw new Failure('token_invalid', { detail: 'It is too long.' })
  try {
    const decoded = jwt.decode(token, { complete: true }) as { header: { kid?: unknown } } | null
    if (typeof decoded?.header.kid === 'string') return decoded.header.kid
  } catch {
    // told below
  }
  throw new Failure('token_invalid', { detail: 'It is not a signed JWT with a key id.' })
}

const REQUIRED: ReadonlyArray<keyof AccessClaims> = ['iss', 'aud', 'sub', 'sid', 'jti', 'iat', 'exp']

/** The algorithm is the key's, whatever the header says (RFC 8725, section 3.1). Times are judged by our own clock, apart. */
function checkSignature(
  { config, jwt }: Pick<Deps, 'config' | 'jwt'>,
  token: string,
  key: { verifier: string; alg: string },
): AccessClaims {
  try {
    const claims = jwt.verify<AccessClaims>(token, {
      key: key.verifier,
      algorithms: [key.alg],
      checkTyp: TYPE,
      allowedIss: config.issuer,
      allowedAud: config.audience,
      requiredClaims: REQUIRED,
      ignoreExpiration: true,
      ignoreNotBefore: true,
    })
    if (typeof claims.sub === 'string' && typeof claims.sid === 'string') return claims
    throw new TypeError('a claim that names something is no string')
  } catch (cause) {
    throw new Failure('token_invalid', { cause })
  }
}

/** RFC 7519, sections 4.1.4 to 4.1.6, with the configured tolerance. */
function checkTimes({ config, now }: Pick<Deps, 'config' | 'now'>, { exp, iat, nbf = iat }: AccessClaims): void {
  const tolerance = config.clock_tolerance
  if (![exp, iat, nbf].every(Number.isFinite)) throw new Failure('token_invalid')
  if (now() >= exp * 1000 + tolerance) throw new Failure('token_expired')
  if (now() < nbf * 1000 - tolerance) throw new Failure('token_invalid', { detail: 'It is not valid yet.' })
}
