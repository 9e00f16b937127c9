/** What a device keeps to be known again: random, signed, and stored as a digest alone. */
import { createHash, createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'

const PREFIX = 'lkd_'

/** 192 random bits, and 128 bits of HMAC-SHA256 over them. */
const RANDOM = 24
const MAC = 16

/** Makes a token. */
export function makeDeviceToken(key: KeyObject): string {
  const random = randomBytes(RANDOM)
  return PREFIX + Buffer.concat([random, macOf(key, random)]).toString('base64url')
}

/**
 * The digest by which a token is stored; undefined for what was not made here, so that inventions cost no look-up.
 */
export function digestOfDevice(key: KeyObject, token: string | undefined): string | undefined {
  if (!token?.startsWith(PREFIX)) return undefined
  const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url')
  if (bytes.length !== RANDOM + MAC) return undefined
  const mac = macOf(key, bytes.subarray(0, RANDOM))
  return timingSafeEqual(mac, bytes.subarray(RANDOM))
    ? createHash('sha256').update(bytes).digest('base64url')
    : undefined
}

const macOf = (key: KeyObject, random: Buffer) => createHmac('sha256', key).update(random).digest().subarray(0, MAC)
