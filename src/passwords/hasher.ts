/**
 * Passwords behind a bounded queue, since more hashes at once than cores gain nothing and cost latency: argon2id
 * (RFC 9106) is what is made, and what other systems made is understood.
 */
import { randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import { Failure } from '../errors.ts'
import { type Claimant, createAdmission, type HashCounts } from './admission.ts'
import argon2 from './argon2.ts'
import { createFloor, type Floor, type Wait, waitByTimer } from './floor.ts'
import { inStandardOrder, isArgon2, verifyArgon2 } from './formats/argon2.ts'
import type { Crypt } from './formats/crypt/crypt.ts'
import { openCryptThread } from './formats/crypt/thread.ts'
import { findFormat } from './formats/index.ts'
import { type Costs, createCosts } from './formats/work.ts'

export interface Hasher {
  /** @returns a PHC string; @throws Failure overloaded */
  hash(password: string, from: Claimant): Promise<string>
  /**
   * Whether the password belongs to the hash, ours or another system's; false for what is no hash. `false` comes at the
   * floor of refusals, whatever the hash is, and when nothing is held any more; @throws Failure overloaded
   */
  verify(hash: string, password: string, from: Claimant): Promise<boolean>
  /** Does what `verify` of a hash of ours does and is always false, at the same time: what an unknown account costs. */
  verifyNothing(password: string, from: Claimant): Promise<false>
  /** Whether the hash is anything but argon2id with the parameters in force. */
  isOutdated(hash: string): boolean
  /** How many are being hashed and how many wait. */
  load(): { running: number; waiting: number }
  /** how long hashes waited and took, and how many were refused */
  readonly counts: HashCounts
  /** what every hash begins with that has the parameters in force */
  readonly prefix: string
  /** when refusals leave */
  readonly floor: Floor
  /** what checks by other hashes take on this machine, undisturbed; measured out of turn */
  readonly costs: Costs
  /** Makes a few hashes out of turn; @returns what one takes undisturbed, in ms */
  measure(): Promise<number>
  /** Ends the thread that some foreign formats need. */
  close(): Promise<void>
}

type Needs = Pick<
  Config,
  'argon2_memory' | 'argon2_time' | 'argon2_parallelism' | 'hash_concurrency' | 'hash_queue' | 'hash_wait'
>

/** A client whose hash the machine could not make may try again after this, in s. */
const RETRY_AFTER = 2

interface Options {
  /**
   * how many hashes wait with the threads that make them, beyond those in flight. More than none is right only where there
   * are no more such threads than `hash_concurrency`
   */
  ahead?: number
  /** ms on a clock that never jumps */
  elapsed?: () => number
  /** what refusals wait by */
  wait?: Wait
}

/** Makes the hasher with the configured parameters. */
export function createHasher(
  config: Needs,
  { ahead = 0, elapsed = () => performance.now(), wait = waitByTimer }: Options = {},
): Hasher {
  const options = {
    type: argon2.argon2id,
    memoryCost: config.argon2_memory,
    timeCost: config.argon2_time,
    parallelism: config.argon2_parallelism,
  } as const
  const handedOver = Math.min(ahead, config.hash_queue)
  const admission = createAdmission({
    concurrency: config.hash_concurrency,
    ahead: handedOver,
    waiting: config.hash_queue - handedOver,
    patience: config.hash_wait,
  })
  const floor = createFloor(elapsed, wait)
  const decoy = decoyOf(config)
  const prefix = parametersOf(decoy)
  const thread = openCryptThread()
  const isOurs = (hash: string) => hash.startsWith(prefix) && isArgon2(hash)

  /** A check in its turn. Its time counts from its beginning: how long it waited for that depends on nobody's hash. */
  async function check(password: string, from: Claimant, fits: (forms: readonly string[]) => Promise<boolean>) {
    floor.admit(from)
    const forms = formsOf(password)
    const span = floor.current() * forms.length
    let took = 0
    const onEnd = (ms: number) => {
      took = ms
    }
    const right = await admission.run(from, () => fits(forms), onEnd)
    floor.observe(took / forms.length)
    if (!right) await floor.hold(from, took, span)
    return right
  }

  return {
    hash: (password, from) =>
      admission.run(from, async () => inStandardOrder(await argon2.hash(normalise(password), options))),
    verify: (hash, password, from) =>
      check(password, from, (forms) => (isOurs(hash) ? fitsOurs(hash, forms) : fitsForeign(hash, forms, thread.crypt))),
    verifyNothing: async (password, from) =>
      (await check(password, from, async (forms) => (await fitsOurs(decoy, forms)) && false)) && false,
    isOutdated: (hash) => !isOurs(hash),
    prefix,
    floor,
    costs: createCosts(thread.crypt, () => performance.now()),
    measure: () => measureHash(options),
    load: admission.load,
    counts: admission.counts,
    close: thread.close,
  }
}

/** What no password fits, and what takes as long to find that out; made up, since a real hash would put off the start. */
function decoyOf({ argon2_memory, argon2_time, argon2_parallelism }: Needs): string {
  const random = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${argon2_memory},t=${argon2_time},p=${argon2_parallelism}$${random(16)}$${random(32)}`
}

/** Of so many hashes the fastest was disturbed least. */
const SAMPLES = 3

/**
 * What one hash takes on this machine.
 * @returns ms
 */
export async function measureHash(options: NonNullable<Parameters<typeof argon2.hash>[1]>): Promise<number> {
  const times: number[] = []
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const begun = performance.now()
    await argon2.hash(randomBytes(16), options)
    times.push(performance.now() - begun)
  }
  return Math.min(...times)
}

/** All of a PHC string before the salt. */
function parametersOf(phc: string): string {
  return phc.split('$', 4).join('$').concat('$')
}

/** One person's spellings of one password are one password (NIST SP 800-63B, section 3.1.1.2). */
function normalise(password: string): string {
  return password.normalize('NFKC')
}

/**
 * The forms in which a password is tried. How many there are depends on what was typed alone, and never on the hash. That
 * it was normalised cannot be seen from a hash that came from another system, so what was typed counts too.
 */
function formsOf(password: string): readonly string[] {
  return [...new Set([normalise(password), password])]
}

/** Checks a password by a hash with our own parameters. */
async function fitsOurs(phc: string, forms: readonly string[]): Promise<boolean> {
  for (const form of forms) if (await verifyArgon2(phc, form)) return true
  return false
}

/**
 * Checks a password by what another system stored, or by what we stored with other parameters; as it was typed first, since
 * few systems normalise.
 * @throws Failure overloaded when the machine cannot do what the hash asks for
 */
async function fitsForeign(hash: string, forms: readonly string[], crypt: Crypt): Promise<boolean> {
  const format = findFormat(hash)
  if (!format) return false
  try {
    for (const form of forms.toReversed()) if (await format.verify(hash, form, crypt)) return true
    return false
  } catch (cause) {
    // no memory, or no thread: that says nothing about the password
    throw new Failure('overloaded', { retryAfter: RETRY_AFTER, cause })
  }
}
