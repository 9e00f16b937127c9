/** AES-256-GCM for secrets at rest (NIST SP 800-38D): nonce (12 bytes), tag (16 bytes), ciphertext. */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'

const NONCE = 12
const TAG = 16

/**
 * Encrypts `plain` so that only the holder of `key` can read it, and only under the same `context`.
 * @param key 32 bytes
 * @param context what the secret belongs to; authenticated, not stored
 */
export function seal(key: Buffer, plain: string, context: string): string {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')
}

/** @throws when the key or the context is another, or the text was altered */
export function unseal(key: Buffer, sealed: string, context: string): string {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE), { authTagLength: TAG })
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(NONCE, NONCE + TAG))
  return Buffer.concat([decipher.update(bytes.subarray(NONCE + TAG)), decipher.final()]).toString('utf8')
}

/** The keys of one purpose: the first makes what is new, and what any of them has made is accepted. */
export type Keys<T = KeyObject> = readonly [T, ...T[]]

/** @throws when none of the keys fits */
export function unsealAny(keys: Keys<Buffer>, sealed: string, context: string): string {
  const [first, ...others] = keys
  try {
    return unseal(first, sealed, context)
  } catch (error) {
    const [next, ...rest] = others
    if (!next) throw error
    return unsealAny([next, ...rest], sealed, context)
  }
}

/** Under which key something is sealed; where that is not the first one, also what it is under the first. */
export function resealed(
  keys: Keys<Buffer>,
  sealed: string,
  context: string,
): { state: 'current' | 'previous' | 'unknown'; sealed?: string } {
  try {
    unseal(keys[0], sealed, context)
    return { state: 'current' }
  } catch {
    try {
      return { state: 'previous', sealed: seal(keys[0], unsealAny(keys, sealed, context), context) }
    } catch {
      return { state: 'unknown' }
    }
  }
}
