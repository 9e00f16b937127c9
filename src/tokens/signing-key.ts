import { createHash, createPublicKey, generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import type { SigningKeyRow } from '../db/schema.ts'
import { type Keys, seal, unsealAny } from './seal.ts'

export type Algorithm = Config['jwt_alg']

/** A key as the ring uses it. */
export interface SigningKey {
  kid: string
  alg: Algorithm
  /** PKCS #8 PEM, or the shared secret of HS256 */
  secret: string
  /** SPKI PEM, or the shared secret of HS256 */
  verifier: string
  /** what JWKS shows (RFC 7517); undefined for HS256, whose key nobody may see */
  jwk: JsonWebKey | undefined
  sequence: number
  /** from when on it signs, epoch ms */
  activates_at: number
}

/** RFC 7638: a key's name is the digest of its required members in lexical order. */
function thumbprint(jwk: JsonWebKey): string {
  const { crv, e, kty, n, x, y } = jwk
  const required = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x }
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url')
}

function generatePair(alg: Exclude<Algorithm, 'HS256'>) {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

/** Makes a key and its row, the secret sealed. */
export function createSigningKey(
  alg: Algorithm,
  sealKey: Buffer,
): Pick<SigningKeyRow, 'kid' | 'alg' | 'public_jwk' | 'sealed'> {
  if (alg === 'HS256') {
    const kid = randomBytes(16).toString('base64url')
    return { kid, alg, public_jwk: null, sealed: seal(sealKey, randomBytes(32).toString('base64url'), kid) }
  }
  const { publicKey, privateKey } = generatePair(alg)
  const jwk = publicKey.export({ format: 'jwk' })
  const kid = thumbprint(jwk)
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { kid, alg, public_jwk: JSON.stringify(jwk), sealed: seal(sealKey, pem, kid) }
}

/** @throws when the row was sealed under another master key */
export function openSigningKey(row: SigningKeyRow, sealKeys: Keys<Buffer>): SigningKey {
  const { kid, sequence, activates_at } = row
  const alg = row.alg as Algorithm
  const secret = unsealAny(sealKeys, row.sealed, kid)
  if (!row.public_jwk) return { kid, alg, secret, verifier: secret, jwk: undefined, sequence, activates_at }
  const jwk = JSON.parse(row.public_jwk) as JsonWebKey
  const verifier = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString()
  return { kid, alg, secret, verifier, jwk: { ...jwk, kid, alg, use: 'sig' }, sequence, activates_at }
}
