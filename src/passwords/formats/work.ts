/** What it takes to check a password by a hash, known from its parameters and from a small hash of the same kind. */
import type { Crypt } from './crypt/crypt.ts'
import { findFormat } from './index.ts'

/** Kinds of work; within one, twice the units take twice as long. */
export type WorkKind =
  | 'argon2'
  | 'bcrypt'
  | 'scrypt'
  | 'pbkdf2-sha1'
  | 'pbkdf2-sha256'
  | 'pbkdf2-sha512'
  | 'sha256-crypt'
  | 'sha512-crypt'
  | 'md5-crypt'
  | 'sha'

/** So much of one kind of work. */
export interface Work {
  kind: WorkKind
  units: number
}

const letters = (count: number) => 'A'.repeat(count)

/** A small hash of each kind, which no password fits; large enough that what is measured is the work. */
const SAMPLES: Readonly<Record<WorkKind, string>> = {
  argon2: `$argon2id$v=19$m=19456,t=1,p=1$${letters(22)}$${letters(43)}`,
  bcrypt: `$2b$08$${letters(53)}`,
  // less memory would stay in the cache of the processor, and take half as long for each unit
  scrypt: `$scrypt$ln=15,r=8,p=1$${letters(22)}$${letters(43)}`,
  'pbkdf2-sha1': `$pbkdf2$20000$${letters(22)}$${letters(27)}`,
  'pbkdf2-sha256': `$pbkdf2-sha256$20000$${letters(22)}$${letters(43)}`,
  'pbkdf2-sha512': `$pbkdf2-sha512$20000$${letters(22)}$${letters(86)}`,
  'sha256-crypt': `$5$rounds=5000$salt$${letters(43)}`,
  'sha512-crypt': `$6$rounds=5000$salt$${letters(86)}`,
  'md5-crypt': `$1$salt$${letters(22)}`,
  sha: `{SHA}${letters(27)}=`,
}

/** The longest password that can be typed, in bytes: sha-crypt takes the longer for it. */
const LONGEST = 'x'.repeat(1024)

/** Of so many checks the fastest was disturbed least. */
const TIMES = 3

/** What a check by the hash takes; undefined for what is no hash. */
export function workOf(hash: string): Work | undefined {
  return findFormat(hash)?.workOf(hash)
}

/** Whether it is no more than what is measured to know what the kind costs, which every machine affords. */
export function isSmall({ kind, units }: Work): boolean {
  return units <= (workOf(SAMPLES[kind])?.units ?? 0)
}

export interface Costs {
  /** @returns what a check by the hash takes on this machine, in ms; 0 for what is no hash */
  costOf(hash: string): Promise<number>
}

/**
 * Knows what checks cost on this machine. Each kind is measured once, when it is first asked for.
 * @param clock in ms: of the time that passes, or of the processor's
 */
export function createCosts(crypt: Crypt, clock: () => number): Costs {
  const measured = new Map<WorkKind, Promise<number>>()

  /** What one unit takes, in ms. */
  async function measure(kind: WorkKind): Promise<number> {
    const sample = SAMPLES[kind]
    const times: number[] = []
    for (let time = 0; time < TIMES; time += 1) {
      const begun = clock()
      await findFormat(sample)?.verify(sample, LONGEST, crypt)
      times.push(clock() - begun)
    }
    return Math.min(...times) / (workOf(sample)?.units ?? 1)
  }

  return {
    async costOf(hash) {
      const work = workOf(hash)
      if (!work) return 0
      const unit = measured.get(work.kind) ?? measure(work.kind)
      measured.set(work.kind, unit)
      // no memory, or no thread: that says nothing about the kind
      unit.catch(() => measured.delete(work.kind))
      return work.units * (await unit)
    },
  }
}
