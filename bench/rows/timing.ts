/** Whether a stranger can tell by the clock who has an account. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, type Row } from '../measure.ts'
import { prepareTrial } from '../timing/measure.ts'
import { mannWhitney, permuteMedians } from '../timing/statistics.ts'

const SAMPLES = 2000

/** Half of 1 % for each of two tests. */
const LEVEL = 0.005

const WHAT = {
  login: 'POST /auth/login, wrong password',
  'login-outdated': 'POST /auth/login, wrong password, hash of older parameters',
  'login-pbkdf2': 'POST /auth/login, wrong password, PBKDF2 of another system',
  'login-bcrypt': 'POST /auth/login, wrong password, bcrypt of another system',
  forgot: 'POST /auth/password/forgot',
  link: 'POST /auth/sign-in/link',
  code: 'POST /auth/sign-in/code',
}

/** One row for each call that could tell. */
export const timing: readonly Row[] = Object.entries(WHAT).map(([name, what]) => ({
  name: `timing-${name}`,
  group: 'requests',
  ours: `${what}, for a name that has an account`,
  theirs: 'for a name that has none',
  unit: 'µs',
  setting: `${SAMPLES.toLocaleString('en')} pairs, one after the other, each of the two first in half of them; all hashes at a sixteenth of their cost, so that what differs beside them shows`,
  limits:
    'A difference is found from a size on that the noise of the machine decides; `npm run timing` says which, measures cold processes too, and finds a difference that is planted.',
  slow: true,

  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-timing-'))
    try {
      const trial = await prepareTrial({ name, samples: SAMPLES, folder })
      const pairs = await trial.warm()
      const also = (test: string, p: number) => ({
        what: `p, ${test}`,
        unit: '',
        rounds: [p],
        target: { least: LEVEL },
      })
      return {
        ours: [median(pairs.known)],
        theirs: [median(pairs.unknown)],
        also: [
          also('ranks of all samples', mannWhitney(pairs.known, pairs.unknown)),
          also('medians under permutation', permuteMedians(pairs)),
        ],
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}))
