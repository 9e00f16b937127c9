import { type CryptInput, type Digest, digestOf, encode, repeatTo, stretch } from './crypt.ts'

const ORDERS = {
  sha256: [
    0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19, 29, 31,
    30,
  ],
  sha512: [
    0, 21, 42, 22, 43, 1, 44, 2, 23, 3, 24, 45, 25, 46, 4, 47, 5, 26, 6, 27, 48, 28, 49, 7, 50, 8, 29, 9, 30, 51, 31,
    52, 10, 53, 11, 32, 12, 33, 54, 34, 55, 13, 56, 14, 35, 15, 36, 57, 37, 58, 16, 59, 17, 38, 18, 39, 60, 40, 61, 19,
    62, 20, 41, 63,
  ],
}

/** sha256-crypt (`$5$`) and sha512-crypt (`$6$`): "Unix crypt using SHA-256 and SHA-512", by Ulrich Drepper. */
export function shaCrypt({ scheme, salt: saltText, rounds, password: passwordBytes }: CryptInput): string {
  const algorithm = scheme === '5' ? 'sha256' : 'sha512'
  const [password, salt] = [Buffer.from(passwordBytes), Buffer.from(saltText)]
  const start = firstDigest(algorithm, password, salt)
  const repeated = digestOf(algorithm, [repeatTo(password, password.length ** 2)])
  const salts = digestOf(algorithm, [repeatTo(salt, salt.length * (16 + (start[0] ?? 0)))])
  const pieces = { password: repeatTo(repeated, password.length), salt: repeatTo(salts, salt.length), rounds }
  return encode(stretch(algorithm, start, pieces), ORDERS[algorithm])
}

function firstDigest(algorithm: Digest, password: Buffer, salt: Buffer): Buffer {
  const inner = digestOf(algorithm, [password, salt, password])
  const pieces: Uint8Array[] = [password, salt, repeatTo(inner, password.length)]
  for (let bits = password.length; bits > 0; bits >>= 1) pieces.push(bits % 2 === 1 ? inner : password)
  return digestOf(algorithm, pieces)
}
