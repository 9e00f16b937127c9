import { type CryptInput, digestOf, encode, repeatTo, stretch } from './crypt.ts'

const ROUNDS = 1000
const ORDER = [0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 4, 10, 5, 11]

/** md5-crypt of FreeBSD (`$1$`) and of Apache (`$apr1$`); they differ in nothing but the name that is hashed in. */
export function md5Crypt({ scheme, salt: saltText, password: passwordBytes }: CryptInput): string {
  const [password, salt] = [Buffer.from(passwordBytes), Buffer.from(saltText)]
  const inner = digestOf('md5', [password, salt, password])
  const start = digestOf('md5', [
    password,
    Buffer.from(`$${scheme}$`),
    salt,
    repeatTo(inner, password.length),
    ...lengthBits(password),
  ])
  return encode(stretch('md5', start, { password, salt, rounds: ROUNDS }), ORDER)
}

/** A NUL for each bit of the length that is set, the password's first byte for each that is not. */
function lengthBits(password: Buffer): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let bits = password.length; bits > 0; bits >>= 1) {
    pieces.push(bits % 2 === 1 ? Uint8Array.of(0) : password.subarray(0, 1))
  }
  return pieces
}
