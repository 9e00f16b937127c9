import { formatOf, hasNul, type Reading, sameBytes } from './format.ts'

/** 2^cost rounds: 16 takes seconds, below 8 a graphics card tries thousands a second. */
const MAX_COST = 16
const WEAK_COST = 8

/** What bcrypt sees of a password, in bytes. */
const MAX_PASSWORD = 72

const MCF = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/

function read(hash: string): Reading | undefined {
  const [, cost = '', salt = '', digest = ''] = MCF.exec(hash) ?? []
  if (Number(cost) < 4 || Number(cost) > MAX_COST) return undefined
  return {
    weak: Number(cost) < WEAK_COST,
    work: { kind: 'bcrypt', units: 2 ** Number(cost) },
    fits: (password) => fits(`$2b$${cost}$${salt}`, digest, password),
  }
}

/**
 * `$2a$`, `$2b$` and `$2y$` mean the same algorithm. The library would repeat an old fault for `$2a$`, a length that
 * wraps at 256 bytes, so it is always told `$2b$`.
 */
async function fits(setting: string, digest: string, password: Buffer): Promise<boolean> {
  if (hasNul(password)) return false
  // for those who have such hashes: most services never load it
  const { hash } = (await import('bcrypt')).default
  const made = await hash(password.subarray(0, MAX_PASSWORD), setting)
  // not the salt: its last letter holds bits that mean nothing
  return sameBytes(Buffer.from(made.slice(-digest.length)), Buffer.from(digest))
}

/** bcrypt as `$2a$`, `$2b$` or `$2y$`. */
export const bcrypt = formatOf('bcrypt', read)
