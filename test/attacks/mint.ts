/** Tokens that nobody should get: forged ones, and ones that only a holder of the key could make. */
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { AccessClaims } from '../../src/tokens/access-token.ts'

type Header = Record<string, unknown>

const encode = (part: unknown) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')

/** The parts of a token. */
export function takeApart(token: string): { header: Header; claims: AccessClaims; signature: string } {
  const [header = '', claims = '', signature = ''] = token.split('.')
  const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  return { header: decode(header), claims: decode(claims), signature }
}

const SIGN: Record<string, (input: Buffer, key: string) => Buffer> = {
  ES256: (input, key) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  RS256: (input, key) => sign('sha256', input, key),
  RS384: (input, key) => sign('sha384', input, key),
  EdDSA: (input, key) => sign(null, input, key),
  HS256: (input, key) => createHmac('sha256', key).update(input).digest(),
  HS384: (input, key) => createHmac('sha384', key).update(input).digest(),
  none: () => Buffer.alloc(0),
}

/** Any header over any claims, signed by any key in any way. A part that is text is taken as it is. */
export function mint(header: unknown, claims: unknown, key = '', alg = 'ES256'): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${SIGN[alg]?.(Buffer.from(input), key).toString('base64url')}`
}

/** Makes what the service itself would sign, with some of it changed; `undefined` takes a member out. */
export function forgeryOf(app: Pick<FastifyInstance, 'keys'>, token: string) {
  const { header, claims } = takeApart(token)
  return (changes: object, headerChanges: Header = {}) => {
    const { secret, alg } = app.keys.current()
    return mint({ ...header, ...headerChanges }, { ...claims, ...changes }, secret, alg)
  }
}

/** A key pair of the attacker's own. */
export function strangersKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    jwk: publicKey.export({ format: 'jwk' }),
  }
}

/** Every spelling of the published key that a confused verifier might take for a shared secret. */
export function spellingsOf(jwk: import('node:crypto').JsonWebKey): string[] {
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const pem = key.export({ type: 'spki', format: 'pem' }).toString()
  const der = key.export({ type: 'spki', format: 'der' })
  return [pem, pem.trim(), der.toString('base64'), der.toString('latin1'), JSON.stringify(jwk), String(jwk.x), '']
}
