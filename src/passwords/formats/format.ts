/** What a format of stored passwords is: how another system writes a hash down, and how to check a password by it. */
import { timingSafeEqual } from 'node:crypto'
import type { Crypt } from './crypt/crypt.ts'
import type { Work } from './work.ts'

/** A way in which other systems store passwords. Nothing here writes one, but for composing what an export splits up. */
export interface Format {
  /** what reports and the column `weak_format` call it */
  name: string
  /** Whether the text is a whole hash of this format, and costs no more to check than the service may be asked to spend. */
  matches(hash: string): boolean
  /** Whether whoever holds the hash can try passwords far faster than against argon2id. */
  isWeak(hash: string): boolean
  /** What checking a password by the hash takes; undefined for what does not match. */
  workOf(hash: string): Work | undefined
  /**
   * Whether the password, as it was typed, belongs to the hash; false for what does not match.
   * @param crypt computes crypt(3) checksums, away from the thread that serves requests
   */
  verify(hash: string, password: string, crypt: Crypt): Promise<boolean>
}

/** A hash that was understood. */
export interface Reading {
  weak: boolean
  work: Work
  /** @param password in UTF-8 */
  fits(password: Buffer, crypt: Crypt): boolean | Promise<boolean>
}

/** Makes a format of the one function that understands its hashes: undefined for what it does not, or for what costs too much. */
export function formatOf(name: string, read: (hash: string) => Reading | undefined): Format {
  return {
    name,
    matches: (hash) => read(hash) !== undefined,
    isWeak: (hash) => read(hash)?.weak ?? false,
    workOf: (hash) => read(hash)?.work,
    verify: async (hash, password, crypt) => (await read(hash)?.fits(Buffer.from(password), crypt)) ?? false,
  }
}

/** Whether two byte strings are the same, in a time that does not tell where they differ. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

/**
 * HMAC fills a short key with NULs and bcrypt sets one after it: a password with some at its end would be as good as
 * the one without. The systems that store passwords so let none have any.
 */
export function hasNul(password: Buffer): boolean {
  return password.includes(0)
}

/** Shorter digests could be met by chance, longer ones are none, in bytes. */
const MIN_DIGEST = 16
const MAX_DIGEST = 64

/** No system in use salts with more, in bytes. */
const MAX_SALT = 128

/** Whether the parts of a hash have lengths that they can have. */
export function isPlausible(salt: Uint8Array, digest: Uint8Array): boolean {
  return salt.length <= MAX_SALT && digest.length >= MIN_DIGEST && digest.length <= MAX_DIGEST
}
