/** JWTs of one kind: signed by the ring's current key, verified by the key they name, told apart by their `typ`. */
import { createSigner, createVerifier } from 'fast-jwt'
import type { Config } from '../config.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import type { SigningKey } from './signing-key.ts'

/** The part of `@fastify/jwt` that tokens need. */
export interface Jwt {
  decode(token: string, options: object): unknown
}

/** What every kind of token says; seconds since the epoch, as JWT wants it. */
export interface TimedClaims {
  iat: number
  exp: number
  nbf?: number
}

/** One kind of token. */
export interface Kind<T extends TimedClaims> {
  /** what the header says it is; no kind passes for another (RFC 8725, section 3.11) */
  typ: string
  required: ReadonlyArray<keyof T & string>
  /** whether the claims have the types that `T` promises */
  isSound: (claims: T) => boolean
}

/** Longer strings are refused unread; ours have at most about 800 characters (RS256, long issuer). */
const MAX_LENGTH = 4096

type Signer = (claims: object) => string
type Verifier = (token: string) => object

/** What is made once for each key and kind of token. */
function keptFor<T>(make: (key: SigningKey, kind: Kind<never>, config: Config) => T) {
  const kept = new WeakMap<SigningKey, Map<string, T>>()
  return (key: SigningKey, kind: Kind<never>, config: Config): T => {
    const byKind = kept.get(key) ?? new Map<string, T>()
    kept.set(key, byKind)
    const one = byKind.get(kind.typ) ?? make(key, kind, config)
    byKind.set(kind.typ, one)
    return one
  }
}

/** `app.jwt.sign` would read the key anew for each token, for most of its cost. */
const signerOf = keptFor<Signer>(({ kid, alg, secret }, { typ }) =>
  createSigner<object>({ key: secret, algorithm: alg, header: { alg, typ, kid } }),
)

/**
 * `app.jwt.verify` would do so for each too, for two fifths of its cost. The algorithm is the key's, whatever the header
 * says (RFC 8725, section 3.1). Times are judged by our own clock, apart.
 */
const verifierOf = keptFor<Verifier>(({ alg, verifier }, { typ, required }, { issuer, audience }) =>
  createVerifier({
    key: verifier,
    algorithms: [alg],
    cache: false,
    checkTyp: typ,
    allowedIss: issuer,
    allowedAud: audience,
    requiredClaims: [...required],
    ignoreExpiration: true,
    ignoreNotBefore: true,
  }),
)

/** Signs claims with the key that signs now. */
export function signJwt<T extends TimedClaims>(
  { config, keys }: Pick<Deps, 'config' | 'keys'>,
  kind: Kind<T>,
  claims: T,
): string {
  return signerOf(keys.current(), kind, config)(claims)
}

/**
 * Verifies a token: form, key, signature, type, issuer, audience, times.
 * @throws Failure token_invalid, with the reason `signature` if that is what is wrong; token_expired
 */
export async function verifyJwt<T extends TimedClaims>(
  deps: Pick<Deps, 'config' | 'jwt' | 'keys' | 'now'>,
  kind: Kind<T>,
  token: string,
): Promise<T> {
  const { kid, signature } = readHead(deps.jwt, token)
  const reason = signature === '' ? undefined : 'signature'
  if (kid === undefined) throw new Failure('token_invalid', { detail: NO_KID, reason })
  const key = await deps.keys.find(kid)
  if (!key) throw new Failure('token_invalid', { detail: FOREIGN, reason })
  // the last letter has bits that count for nothing (RFC 4648, section 3.5): a token would have many spellings
  if (signature !== Buffer.from(signature, 'base64url').toString('base64url'))
    throw new Failure('token_invalid', { reason })
  const claims = checkSignature(deps.config, kind, token, key)
  checkTimes(deps, claims)
  if (!deps.keys.isBelieved(key)) throw new Failure('token_invalid', { detail: FOREIGN, reason })
  return claims
}

const FOREIGN = 'It was not signed by a key of this service.'
const NO_KID = 'It is not a signed JWT with a key id.'

/** The `kid` that the header names; the header is not to be believed for more than looking up the key. */
function readHead(jwt: Jwt, token: string): { kid: string | undefined; signature: string } {
  if (token.length > MAX_LENGTH) throw new Failure('token_invalid', { detail: 'It is too long.' })
  try {
    const { header, signature } = jwt.decode(token, { complete: true }) as {
      header: { kid?: unknown }
      signature: string
    }
    return { kid: typeof header.kid === 'string' ? header.kid : undefined, signature }
  } catch (cause) {
    throw new Failure('token_invalid', { detail: NO_KID, cause })
  }
}

/** What the verifier says of a signature that does not fit, or that no key of this kind could have made. */
const MISMATCH: ReadonlySet<unknown> = new Set(['FAST_JWT_INVALID_SIGNATURE', 'FAST_JWT_VERIFY_ERROR'])

function checkSignature<T extends TimedClaims>(config: Config, kind: Kind<T>, token: string, key: SigningKey): T {
  try {
    const claims = verifierOf(key, kind, config)(token) as T
    if (kind.isSound(claims)) return claims
    throw new TypeError('a claim is of the wrong type')
  } catch (cause) {
    const isMismatch = MISMATCH.has((cause as { code?: unknown }).code)
    throw new Failure('token_invalid', { cause, reason: isMismatch ? 'signature' : undefined })
  }
}

/** RFC 7519, sections 4.1.4 to 4.1.6, with the configured tolerance. */
function checkTimes({ config, now }: Pick<Deps, 'config' | 'now'>, { exp, iat, nbf }: TimedClaims): void {
  const tolerance = config.clock_tolerance
  if (![exp, iat, nbf ?? 0].every(Number.isFinite)) throw new Failure('token_invalid')
  if (now() >= exp * 1000 + tolerance) throw new Failure('token_expired')
  // `iat` says when, not from when on: a clock that was set back must not make tokens of a moment ago wait
  if (nbf !== undefined && now() < nbf * 1000 - tolerance)
    throw new Failure('token_invalid', { detail: 'It is not valid yet.' })
}
