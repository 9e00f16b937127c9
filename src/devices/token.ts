/** What a device keeps to be known again: random, signed, and stored as a digest alone. */
import { createHash, createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'

const PREFIX = 'lkd_'

/** Between the tokens of a browser that several people share; it is in no token, and may be in a cookie. */
const BETWEEN = '.'

/** So many people may share a browser and be known on it, those who came last. */
const MOST_TOKENS = 5

/** 192 random bits, and 128 bits of HMAC-SHA256 over them. */
const RANDOM = 24
const MAC = 16

/** Makes a token. */
export function makeDeviceToken(key: KeyObject): string {
  const random = randomBytes(RANDOM)
  return PREFIX + Buffer.concat([random, macOf(key, random)]).toString('base64url')
}

/** What a browser keeps that was given a token: those of others who were signed in on it go on being good for them. */
export function joinTokens(token: string, kept: string | undefined): string {
  const others = tokensIn(kept).filter((other) => other.startsWith(PREFIX) && /^[\w-]+$/.test(other))
  return [token, ...others].slice(0, MOST_TOKENS).join(BETWEEN)
}

/** The digests of all tokens that a device keeps; what was not made here is left out. */
export function digestsOfDevice(keys: readonly KeyObject[], kept: string | undefined): readonly string[] {
  return tokensIn(kept).flatMap((token) => digestOfDevice(keys, token) ?? [])
}

const tokensIn = (kept: string | undefined) => kept?.split(BETWEEN, MOST_TOKENS) ?? []

/**
 * The digest by which a token is stored; undefined for what was not made here, so that inventions cost no look-up.
 */
export function digestOfDevice(keys: readonly KeyObject[], token: string): string | undefined {
  if (!token.startsWith(PREFIX)) return undefined
  const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url')
  if (bytes.length !== RANDOM + MAC) return undefined
  const isOurs = keys.some((key) => timingSafeEqual(macOf(key, bytes.subarray(0, RANDOM)), bytes.subarray(RANDOM)))
  return isOurs ? createHash('sha256').update(bytes).digest('base64url') : undefined
}

const macOf = (key: KeyObject, random: Buffer) => createHmac('sha256', key).update(random).digest().subarray(0, MAC)
