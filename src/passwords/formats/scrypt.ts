/** scrypt (RFC 7914) as passlib, Werkzeug and Django write it. */
import { scrypt } from 'node:crypto'
import { readBase64, readHex, readUnpadded } from './base64.ts'
import { formatOf, hasNul, isPlausible, type Reading, sameBytes } from './format.ts'
import type { Work } from './work.ts'

/** Bounds of what checking one password may take: the large block in bytes, all that is filled in turn, and lanes. */
const MAX_MEMORY = 268_435_456
const MAX_WORK = 4 * MAX_MEMORY
const MAX_LANES = 16

/** Below this many bytes filled in all (OWASP asks for eight times it) a hash is weak. */
const WEAK_WORK = 16_777_216

export interface ScryptCost {
  N: number
  r: number
  p: number
}

/** Whether scrypt is defined for the cost, and the service may be asked to spend it. */
export function isAffordable({ N, r, p }: ScryptCost): boolean {
  const isPowerOfTwo = N > 1 && Number.isInteger(Math.log2(N))
  // RFC 7914, section 2: N below 2^(128·r/8)
  const isDefined = isPowerOfTwo && r > 0 && p > 0 && Math.log2(N) < 16 * r
  const memory = 128 * N * r
  return isDefined && memory <= MAX_MEMORY && memory * p <= MAX_WORK && p <= MAX_LANES
}

export function isWeakCost({ N, r, p }: ScryptCost): boolean {
  return 128 * N * r * p < WEAK_WORK
}

export function workOfCost({ N, r, p }: ScryptCost): Work {
  return { kind: 'scrypt', units: N * r * p }
}

/** Derives `length` bytes off the main thread. */
export function deriveScrypt(password: Buffer, salt: Buffer, length: number, cost: ScryptCost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // beside the large block there are small ones, which MAX_LANES bounds
    scrypt(password, salt, length, { ...cost, maxmem: 2 * MAX_MEMORY }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}

function readingOf(cost: ScryptCost, salt?: Buffer, expected?: Buffer): Reading | undefined {
  if (!salt || !expected || !isPlausible(salt, expected) || !isAffordable(cost)) return undefined
  return {
    weak: isWeakCost(cost),
    work: workOfCost(cost),
    fits: async (password) =>
      !hasNul(password) && sameBytes(await deriveScrypt(password, salt, expected.length, cost), expected),
  }
}

const NUMBER = '([1-9]\\d{0,7})'
const PHC = /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d{0,3}),p=([1-9]\d{0,2})\$([^$]*)\$([^$]+)$/
const WERKZEUG = new RegExp(`^scrypt:${NUMBER}:${NUMBER}:${NUMBER}\\$([^$]+)\\$([^$]+)$`)
const DJANGO = new RegExp(`^scrypt\\$${NUMBER}\\$([^$]+)\\$${NUMBER}\\$${NUMBER}\\$([^$]+)$`)

/** `$scrypt$ln=<log2 N>,r=<r>,p=<p>$<salt>$<digest>` in unpadded base64. */
export const scryptPhc = formatOf('scrypt', (hash) => {
  const [text, ln, r, p, salt = '', expected = ''] = PHC.exec(hash) ?? []
  const cost = { N: 2 ** Number(ln), r: Number(r), p: Number(p) }
  return text ? readingOf(cost, readUnpadded(salt), readUnpadded(expected)) : undefined
})

/** `scrypt:<N>:<r>:<p>$<salt as text>$<hex>`. */
export const scryptWerkzeug = formatOf('scrypt-werkzeug', (hash) => {
  const [text, N, r, p, salt = '', expected = ''] = WERKZEUG.exec(hash) ?? []
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  return text ? readingOf(cost, Buffer.from(salt), readHex(expected)) : undefined
})

/** `scrypt$<N>$<salt as text>$<r>$<p>$<base64>`. */
export const scryptDjango = formatOf('scrypt-django', (hash) => {
  const [text, N, salt = '', r, p, expected = ''] = DJANGO.exec(hash) ?? []
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  return text ? readingOf(cost, Buffer.from(salt), readBase64(expected)) : undefined
})
