/** The crypt(3) family: what is common to md5-crypt and sha-crypt. */
import { hash } from 'node:crypto'

/** What a checksum is computed from. */
export interface CryptInput {
  scheme: '1' | 'apr1' | '5' | '6'
  salt: string
  /** ignored by md5-crypt, which always does 1000 */
  rounds: number
  /** in UTF-8 */
  password: Uint8Array
}

/** Computes the checksum that stands last in a crypt(3) string; takes milliseconds to seconds of a core. */
export type Crypt = (input: CryptInput) => Promise<string>

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export type Digest = 'md5' | 'sha256' | 'sha512'

/** The digest of several pieces. */
export function digestOf(algorithm: Digest, pieces: readonly Uint8Array[]): Buffer {
  return hash(algorithm, Buffer.concat(pieces), 'buffer')
}

/** `bytes` over and over, `length` of them. */
export function repeatTo(bytes: Uint8Array, length: number): Buffer {
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes)
}

/** The rounds that make it slow, and are the same in the whole family: password, salt and what there is so far, in changing order. */
export function stretch(
  algorithm: Digest,
  start: Buffer,
  { password, salt, rounds }: { password: Buffer; salt: Buffer; rounds: number },
): Buffer {
  const room = Buffer.alloc(start.length + salt.length + 2 * password.length)
  let state = start
  for (let round = 0; round < rounds; round += 1) {
    const odd = round % 2 === 1
    let end = (odd ? password : state).copy(room)
    if (round % 3 !== 0) end += salt.copy(room, end)
    if (round % 7 !== 0) end += password.copy(room, end)
    end += (odd ? state : password).copy(room, end)
    state = hash(algorithm, room.subarray(0, end), 'buffer')
  }
  return state
}

/**
 * Writes a digest in crypt's own base64: three bytes, the first as the highest, become four letters, the lowest first.
 * @param order which byte stands where; its last group may be shorter
 */
export function encode(digest: Buffer, order: readonly number[]): string {
  let text = ''
  for (let at = 0; at < order.length; at += 3) {
    const group = order.slice(at, at + 3)
    let bits = group.reduce((sum, index) => sum * 256 + (digest[index] ?? 0), 0)
    for (let letter = 0; letter <= group.length; letter += 1) {
      text += ALPHABET[bits % 64]
      bits = Math.floor(bits / 64)
    }
  }
  return text
}
