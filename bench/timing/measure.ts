/** Answers to names that have an account, and to names that have none, taken in turn. */
import { startServer } from '../servers/start.ts'
import { ENDPOINTS, type Endpoint } from './endpoints.ts'
import { type Names, populate } from './people.ts'
import { takePairs } from './samples.ts'
import type { Pairs } from './statistics.ts'

const WARM_UP = 300

/** Cold samples are the first of so many processes, so many pairs each. */
const COLD_PROCESSES = 5
const COLD_PAIRS = 100

/** Hashes are so much cheaper than by default, so that what differs beside them is not lost in their noise. */
export const SCALED = 16

/** What is to be measured. */
export interface Trial {
  /** one of ENDPOINTS */
  name: string
  /** pairs on a process that has warmed up */
  samples: number
  /** where databases and messages may be left */
  folder: string
  /** how much longer known names are made to take, such as `100us`, to see whether that is found */
  planted?: string
  /** how much cheaper all hashes are than by default; a power of two, 1 for their real cost */
  factor?: number
}

const settingsOf = ({ name, folder, planted = '', factor = SCALED }: Trial): Record<string, string> => ({
  NODE_ENV: 'development',
  JWT_KEY: 'for the measurements and for nothing else',
  DATABASE_URL: `sqlite:${folder}/${name}.db`,
  MAIL_DIR: `${folder}/mail`,
  ARGON2_MEMORY: String(19_456 / factor),
  ARGON2_TIME: ENDPOINTS[name]?.stored === 'outdated' ? '3' : '2',
  PASSWORD_POLICY: 'length',
  REGISTRATION: 'verify-first',
  SIGN_IN_LINK: 'on',
  SIGN_IN_CODE: 'on',
  TRUST_PROXY: '1',
  // so many are wrong here that one would be asked for
  LOGIN_CHALLENGE: 'off',
  LOG_LEVEL: 'info',
  PLANTED: planted,
  KNOWN_NAMES: `${folder}/known`,
})

const slice = ({ known, unknown }: Names, from: number, to?: number): Names => ({
  known: known.slice(from, to),
  unknown: unknown.slice(from, to),
})

/** Makes the accounts; the two measurements of what it returns may be taken once each. */
export async function prepareTrial(trial: Trial) {
  const { name, samples, folder, factor = SCALED } = trial
  // at real cost so many would take hours
  const warmUp = Math.min(WARM_UP, Math.ceil(samples / 4))
  const coldPairs = Math.min(COLD_PAIRS, Math.ceil(samples / 20))
  const settings = settingsOf(trial)
  const endpoint = ENDPOINTS[name] as Endpoint
  const names = await populate(settings, folder, warmUp + samples + COLD_PROCESSES * coldPairs, {
    stored: endpoint.stored,
    factor,
  })
  const start = () => startServer('../timing/serve.ts', settings, { folder })

  return {
    /** On a process that has warmed up. */
    async warm(): Promise<Pairs> {
      await using server = await start()
      await takePairs(server.url, endpoint, slice(names, 0, warmUp))
      return await takePairs(server.url, endpoint, slice(names, warmUp, warmUp + samples))
    },

    /** On processes that were just started. */
    async cold(): Promise<Pairs> {
      const pairs: { known: number[]; unknown: number[] } = { known: [], unknown: [] }
      for (let turn = 0; turn < COLD_PROCESSES; turn += 1) {
        await using server = await start()
        const from = warmUp + samples + turn * coldPairs
        const taken = await takePairs(server.url, endpoint, slice(names, from, from + coldPairs))
        pairs.known.push(...taken.known)
        pairs.unknown.push(...taken.unknown)
      }
      return pairs
    },
  }
}
