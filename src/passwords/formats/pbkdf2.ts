/** PBKDF2 (RFC 8018) as Django, Werkzeug and passlib write it, and what can be written as one of these. */
import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { readAdapted, readBase64, readHex, writeAdapted } from './base64.ts'
import { formatOf, hasNul, isPlausible, type Reading, sameBytes } from './format.ts'

const derive = promisify(pbkdf2)

/** Bytes that one pass over the rounds yields. */
const SIZES = { sha1: 20, sha256: 32, sha512: 64 }
export type Pbkdf2Digest = keyof typeof SIZES

/** Rounds, counted for each block of the digest: the most takes seconds, below the least a hash is weak. */
const MAX_ROUNDS = 10_000_000
const WEAK_ROUNDS = 10_000

const ROUNDS = '([1-9]\\d{0,7})'
const DJANGO = new RegExp(`^pbkdf2_(sha1|sha256)\\$${ROUNDS}\\$([^$]+)\\$([^$]+)$`)
const WERKZEUG = new RegExp(`^pbkdf2:(sha1|sha256|sha512):${ROUNDS}\\$([^$]+)\\$([^$]+)$`)
const PASSLIB = new RegExp(`^\\$pbkdf2(?:-(sha256|sha512))?\\$${ROUNDS}\\$([^$]*)\\$([^$]+)$`)

function readingOf(digest: Pbkdf2Digest, rounds: number, salt?: Buffer, expected?: Buffer): Reading | undefined {
  if (!salt || !expected || !isPlausible(salt, expected)) return undefined
  const units = rounds * Math.ceil(expected.length / SIZES[digest])
  if (units > MAX_ROUNDS) return undefined
  return {
    weak: rounds < WEAK_ROUNDS,
    work: { kind: `pbkdf2-${digest}`, units },
    fits: async (password) =>
      !hasNul(password) && sameBytes(await derive(password, salt, rounds, expected.length, digest), expected),
  }
}

/** `pbkdf2_sha256$<rounds>$<salt as text>$<base64>`, and `pbkdf2_sha1$`. */
export const pbkdf2Django = formatOf('pbkdf2-django', (hash) => {
  const [, digest, rounds, salt = '', expected = ''] = DJANGO.exec(hash) ?? []
  return readingOf(digest as Pbkdf2Digest, Number(rounds), Buffer.from(salt), readBase64(expected))
})

/** `pbkdf2:sha256:<rounds>$<salt as text>$<hex>`, and `sha1` and `sha512`. */
export const pbkdf2Werkzeug = formatOf('pbkdf2-werkzeug', (hash) => {
  const [, digest, rounds, salt = '', expected = ''] = WERKZEUG.exec(hash) ?? []
  return readingOf(digest as Pbkdf2Digest, Number(rounds), Buffer.from(salt), readHex(expected))
})

/** `$pbkdf2-sha256$<rounds>$<salt>$<digest>` in passlib's base64, `$pbkdf2-sha512$`, and `$pbkdf2$` for SHA-1. */
export const pbkdf2Passlib = formatOf('pbkdf2', (hash) => {
  const [, digest = 'sha1', rounds, salt = '', expected = ''] = PASSLIB.exec(hash) ?? []
  return readingOf(digest as Pbkdf2Digest, Number(rounds), readAdapted(salt), readAdapted(expected))
})

/** Writes down what was stored in parts, in passlib's form. Whether it can be read is for `judgeHash` to say. */
export function composePbkdf2(digest: Pbkdf2Digest, rounds: number, salt: Uint8Array, expected: Uint8Array): string {
  const name = digest === 'sha1' ? 'pbkdf2' : `pbkdf2-${digest}`
  return `$${name}$${rounds}$${writeAdapted(salt)}$${writeAdapted(expected)}`
}

/** The rounds of the Flask demo whose blobs `composeFlaskDemo` reads, and the length of either half, in bytes. */
const FLASK_DEMO_ROUNDS = 100_000
const FLASK_DEMO_HALF = 32

/**
 * Composes the `password` of the Flask JWT authentication API demo: 32 bytes of salt, then 32 of PBKDF2-HMAC-SHA256
 * with 100 000 rounds. Undefined for a blob of another length.
 */
export function composeFlaskDemo(blob: Uint8Array): string | undefined {
  if (blob.length !== 2 * FLASK_DEMO_HALF) return undefined
  return composePbkdf2('sha256', FLASK_DEMO_ROUNDS, blob.subarray(0, FLASK_DEMO_HALF), blob.subarray(FLASK_DEMO_HALF))
}
