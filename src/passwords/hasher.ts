/** argon2id (RFC 9106) behind a bounded queue: more hashes at once than cores gain nothing and cost latency. */
import { randomBytes } from 'node:crypto'
import argon2 from 'argon2'
import type { Config } from '../config.ts'
import { Failure } from '../errors.ts'

export interface Hasher {
  /** @returns a PHC string; @throws Failure overloaded */
  hash(password: string): Promise<string>
  /** Whether the password belongs to the PHC string; @throws Failure overloaded */
  verify(phc: string, password: string): Promise<boolean>
  /** Takes as long as `verify` and is always false: what an unknown account costs. */
  verifyNothing(password: string): Promise<false>
  /** Whether the hash was made with other parameters than those in force. */
  isOutdated(phc: string): boolean
  /** How many are being hashed and how many wait. */
  load(): { running: number; waiting: number }
}

type Needs = Pick<Config, 'argon2_memory' | 'argon2_time' | 'argon2_parallelism' | 'hash_concurrency' | 'hash_queue'>

/** A client that was turned away may try again after this, in s. */
const RETRY_AFTER = 2

/** Makes the hasher with the configured parameters; hashes once to have something that no password fits. */
export async function createHasher(config: Needs): Promise<Hasher> {
  const options = {
    type: argon2.argon2id,
    memoryCost: config.argon2_memory,
    timeCost: config.argon2_time,
    parallelism: config.argon2_parallelism,
  } as const
  const queue = boundedQueue(config.hash_concurrency, config.hash_queue)
  const decoy = await argon2.hash(randomBytes(32), options)

  return {
    hash: (password) => queue.run(() => argon2.hash(normalise(password), options)),
    verify: (phc, password) => queue.run(() => argon2.verify(phc, normalise(password))),
    verifyNothing: (password) => queue.run(() => argon2.verify(decoy, normalise(password))).then(() => false),
    isOutdated: (phc) => argon2.needsRehash(phc, options),
    load: queue.load,
  }
}

/** One person's spellings of one password are one password (NIST SP 800-63B, section 3.1.1.2). */
function normalise(password: string): string {
  return password.normalize('NFKC')
}

function boundedQueue(concurrency: number, limit: number) {
  const waiting: Array<() => void> = []
  let running = 0

  async function run<T>(work: () => Promise<T>): Promise<T> {
    if (running >= concurrency) {
      if (waiting.length >= limit) throw new Failure('overloaded', { retryAfter: RETRY_AFTER })
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running += 1
    }
    try {
      return await work()
    } finally {
      // the place passes straight to the next in line, so nobody can slip in between
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }

  return { run, load: () => ({ running, waiting: waiting.length }) }
}
