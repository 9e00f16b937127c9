import argon2 from '../argon2.ts'
import { readUnpadded } from './base64.ts'
import { formatOf, isPlausible, type Reading, sameBytes } from './format.ts'

/** Bounds of what checking one foreign password may take: memory in KiB, memory × passes in KiB, lanes. */
const MAX_MEMORY = 1_048_576
const MAX_WORK = 8 * MAX_MEMORY
const MAX_LANES = 32

/** Below this much work (memory × passes in KiB; OWASP asks for five times it) a hash is weak. */
const WEAK_WORK = 7168

/** Time and lanes in either order: libargon2 writes `t` first, the npm package `p`. */
const PHC =
  /^\$argon2(id|i|d)(?:\$v=(16|19))?\$m=([1-9]\d{0,7}),(?:t=([1-9]\d{0,4}),p=([1-9]\d{0,2})|p=([1-9]\d{0,2}),t=([1-9]\d{0,4}))\$([^$]+)\$([^$]+)$/
const TYPES = { id: argon2.argon2id, i: argon2.argon2i, d: argon2.argon2d } as const

interface Argon2Hash {
  parameters: {
    type: (typeof TYPES)[keyof typeof TYPES]
    version: number
    memoryCost: number
    timeCost: number
    parallelism: number
  }
  salt: Buffer
  digest: Buffer
}

/** Takes a PHC string of argon2 apart (RFC 9106; a string without `v=` is of version 16); undefined if it is none. */
function parseArgon2(hash: string): Argon2Hash | undefined {
  const [, type, version = '16', m, t, p, lanes = p, time = t, saltText = '', digestText = ''] = PHC.exec(hash) ?? []
  const [salt, digest] = [readUnpadded(saltText), readUnpadded(digestText)]
  if (!type || !salt || !digest || salt.length < 8 || !isPlausible(salt, digest)) return undefined
  const [memoryCost, timeCost, parallelism] = [Number(m), Number(time), Number(lanes)]
  if (memoryCost < 8 * parallelism) return undefined
  const parameters = {
    type: TYPES[type as keyof typeof TYPES],
    version: Number(version),
    memoryCost,
    timeCost,
    parallelism,
  }
  return { parameters, salt, digest }
}

async function fits({ parameters, salt, digest }: Argon2Hash, password: Buffer): Promise<boolean> {
  return sameBytes(await argon2.hash(password, { ...parameters, salt, hashLength: digest.length, raw: true }), digest)
}

/** Whether the text is a PHC string of argon2, whatever it costs. */
export function isArgon2(hash: string): boolean {
  return parseArgon2(hash) !== undefined
}

/** Checks a password by a hash with the parameters that the service itself uses, whatever they cost. */
export async function verifyArgon2(hash: string, password: string): Promise<boolean> {
  const parsed = parseArgon2(hash)
  return parsed !== undefined && fits(parsed, Buffer.from(password))
}

function read(hash: string): Reading | undefined {
  const parsed = parseArgon2(hash)
  if (!parsed) return undefined
  const { memoryCost, timeCost, parallelism } = parsed.parameters
  const work = memoryCost * timeCost
  if (memoryCost > MAX_MEMORY || work > MAX_WORK || parallelism > MAX_LANES) return undefined
  return {
    weak: work < WEAK_WORK,
    work: { kind: 'argon2', units: work },
    fits: (password) => fits(parsed, password),
  }
}

/** A PHC string of the npm package as libargon2 writes and reads it, so that other systems can read it too. */
export function inStandardOrder(phc: string): string {
  return phc.replace(/,(p=\d+),(t=\d+)\$/, ',$2,$1$')
}

/** argon2id, argon2i and argon2d as PHC strings. */
export const argon2Phc = formatOf('argon2', read)
