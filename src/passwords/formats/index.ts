/** The formats of other systems' passwords that are understood. Whatever is not listed here is no password. */
import { argon2Phc } from './argon2.ts'
import { bcrypt } from './bcrypt.ts'
import { md5Crypt, sha256Crypt, sha512Crypt } from './crypt.ts'
import { scryptFirebase } from './firebase.ts'
import type { Format } from './format.ts'
import { pbkdf2Django, pbkdf2Passlib, pbkdf2Werkzeug } from './pbkdf2.ts'
import { scryptDjango, scryptPhc, scryptWerkzeug } from './scrypt.ts'
import { ldapSha, saltedSha } from './sha.ts'

/** Every format, in no particular order: no text fits two of them. */
export const FORMATS: readonly Format[] = [
  argon2Phc,
  bcrypt,
  scryptPhc,
  scryptWerkzeug,
  scryptDjango,
  scryptFirebase,
  pbkdf2Passlib,
  pbkdf2Django,
  pbkdf2Werkzeug,
  sha512Crypt,
  sha256Crypt,
  md5Crypt,
  ldapSha,
  saltedSha,
]

/** The format that a stored hash is in, or undefined if none is known or checking it would cost too much. */
export function findFormat(hash: string): Format | undefined {
  return FORMATS.find((format) => format.matches(hash))
}

/**
 * What can be said of a hash from elsewhere: its format, and whether it is weak, so that an import sets
 * `passwords.weak_format`. Undefined for a hash that must not be stored, since no password could be checked by it.
 */
export function judgeHash(hash: string): { format: string; weak: boolean } | undefined {
  const format = findFormat(hash)
  return format && { format: format.name, weak: format.isWeak(hash) }
}

export { composeFirebase, type FirebasePassword } from './firebase.ts'
export { composeKeycloak } from './keycloak.ts'
export { composeFlaskDemo, composePbkdf2, type Pbkdf2Digest } from './pbkdf2.ts'
export { composeSaltedSha, type ShaDigest, type ShaOrder } from './sha.ts'
