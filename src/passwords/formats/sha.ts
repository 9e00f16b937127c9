/** One pass of SHA over password and salt: as LDAP servers store it, and in a form for what has no form of its own. */
import { hash as digestOf } from 'node:crypto'
import { readBase64, readUnpadded, writeUnpadded } from './base64.ts'
import { formatOf, isPlausible, type Reading, sameBytes } from './format.ts'

const SIZES = { sha1: 20, sha256: 32, sha512: 64 }
export type ShaDigest = keyof typeof SIZES

/** Which of the two is hashed first. */
export type ShaOrder = 'salt-password' | 'password-salt'

function readingOf(digest: ShaDigest, order: ShaOrder, salt: Buffer, expected: Buffer): Reading | undefined {
  if (expected.length !== SIZES[digest] || !isPlausible(salt, expected)) return undefined
  return {
    weak: true,
    work: { kind: 'sha', units: 1 },
    fits: (password) => {
      const pieces = order === 'salt-password' ? [salt, password] : [password, salt]
      return sameBytes(digestOf(digest, Buffer.concat(pieces), 'buffer'), expected)
    },
  }
}

const LDAP = /^\{(S?)SHA(256|512)?\}([^{}]+)$/i

/** `{SSHA}`, `{SSHA256}`, `{SSHA512}` with the salt after the digest (RFC 2307 and what grew of it), `{SHA…}` without salt. */
export const ldapSha = formatOf('ldap-sha', (hash) => {
  const [, salted = '', bits = '1', text = ''] = LDAP.exec(hash) ?? []
  const bytes = readBase64(text)
  const digest = `sha${bits}` as ShaDigest
  if (!bytes?.length) return undefined
  const salt = bytes.subarray(SIZES[digest])
  if (salt.length > 0 !== (salted !== '')) return undefined
  return readingOf(digest, 'password-salt', salt, bytes.subarray(0, SIZES[digest]))
})

const SALTED = /^\$salted-(sha1|sha256|sha512)\$order=(salt-password|password-salt)\$([^$]+)\$([^$]+)$/

/** `$salted-sha256$order=salt-password$<salt>$<digest>`: see `composeSaltedSha`. */
export const saltedSha = formatOf('salted-sha', (hash) => {
  const [, digest, order, saltText = '', text = ''] = SALTED.exec(hash) ?? []
  const [salt, expected] = [readUnpadded(saltText), readUnpadded(text)]
  return digest && salt && expected ? readingOf(digest as ShaDigest, order as ShaOrder, salt, expected) : undefined
})

/**
 * Writes down a salted digest whose system kept it in parts:
 * `$salted-sha256$order=salt-password$<salt>$<digest>`, both in base64 without padding. The algorithm is `sha1`,
 * `sha256` or `sha512`, the order says which of the two is hashed first; nothing may stand between them.
 */
export function composeSaltedSha(digest: ShaDigest, order: ShaOrder, salt: Uint8Array, expected: Uint8Array): string {
  return `$salted-${digest}$order=${order}$${writeUnpadded(salt)}$${writeUnpadded(expected)}`
}
