/**
 * Firebase's variant of scrypt: the derived key encrypts the project's signer key, and the outcome is what is stored
 * (github.com/firebase/scrypt). Its export has salt and hash; the rest are parameters of the project.
 */
import { createCipheriv } from 'node:crypto'
import { readBase64 } from './base64.ts'
import { formatOf, hasNul, type Reading, sameBytes } from './format.ts'
import { deriveScrypt, isAffordable, isWeakCost, type ScryptCost, workOfCost } from './scrypt.ts'

/** Lengths, in bytes; the signer key has 64, and so has what becomes of it. */
const AES_KEY = 32
const DERIVED = 64
const MIN_SIGNER_KEY = 16
const MAX_PART = 128

const TEXT =
  /^\$fbscrypt\$v=1,n=([1-9]\d?),r=([1-9]\d{0,3}),p=([1-9]\d{0,2})(?:,ss=([^,$]*))?,sk=([^,$]+)\$([^$]*)\$([^$]+)$/

/** What `firebase auth:export` and the project's "password hash parameters" say, as they say it: base64 and numbers. */
export interface FirebasePassword {
  passwordHash: string
  salt: string
  base64_signer_key: string
  base64_salt_separator: string
  /** `r` of scrypt */
  rounds: number
  /** log2 of scrypt's `N` */
  mem_cost: number
}

/**
 * Writes down all that a Firebase password is checked by, in the form that Supabase uses for it:
 * `$fbscrypt$v=1,n=<mem_cost>,r=<rounds>,p=1,ss=<separator>,sk=<signer key>$<salt>$<hash>`, all in padded base64.
 * Whether it can be read is for `judgeHash` to say. Firebase exports base64 for URLs too; that is put right.
 */
export function composeFirebase(password: FirebasePassword): string {
  const { mem_cost, rounds } = password
  const [separator, key] = [standard(password.base64_salt_separator), standard(password.base64_signer_key)]
  return `$fbscrypt$v=1,n=${mem_cost},r=${rounds},p=1,ss=${separator},sk=${key}$${standard(password.salt)}$${standard(password.passwordHash)}`
}

/** Base64 of either alphabet, padded or not, in the one spelling that is read. */
function standard(base64: string): string {
  const letters = base64
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/={1,2}$/, '')
  return letters.padEnd(4 * Math.ceil(letters.length / 4), '=')
}

function read(hash: string): Reading | undefined {
  const [text, n, r, p, separator = '', signerKey = '', salt = '', expected = ''] = TEXT.exec(hash) ?? []
  if (text === undefined) return undefined
  const cost = { N: 2 ** Number(n), r: Number(r), p: Number(p) }
  const [ss, sk, s, e] = [readBase64(separator), readBase64(signerKey), readBase64(salt), readBase64(expected)]
  if (!ss || !sk || !s || !e || !isAffordable(cost)) return undefined
  // the cipher turns each byte of the signer key into one of the hash
  if (sk.length !== e.length || sk.length < MIN_SIGNER_KEY) return undefined
  if ([ss, sk, s].some((part) => part.length > MAX_PART)) return undefined
  return {
    weak: isWeakCost(cost),
    work: workOfCost(cost),
    fits: (password) => fits({ cost, salt: Buffer.concat([s, ss]), signerKey: sk }, e, password),
  }
}

async function fits(
  { cost, salt, signerKey }: { cost: ScryptCost; salt: Buffer; signerKey: Buffer },
  expected: Buffer,
  password: Buffer,
): Promise<boolean> {
  if (hasNul(password)) return false
  const key = await deriveScrypt(password, salt, DERIVED, cost)
  const cipher = createCipheriv('aes-256-ctr', key.subarray(0, AES_KEY), Buffer.alloc(16))
  return sameBytes(cipher.update(signerKey), expected)
}

/** `$fbscrypt$…`: see `composeFirebase`. */
export const scryptFirebase = formatOf('scrypt-firebase', read)
