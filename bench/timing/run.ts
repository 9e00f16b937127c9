/**
 * `npm run timing`: can a stranger tell by the clock whether there is an account?
 *
 *     npm run timing -- --samples 2000 --only login,forgot --planted 100us
 *
 * Samples of both sides are taken in turn, on a process that has warmed up and on ones that were just started. A side is
 * told apart at the level of 1 %: 0.5 % for each of two tests, the ranks of all samples and the medians under permutation.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startServer } from '../servers/start.ts'
import { ENDPOINTS } from './endpoints.ts'
import { type Names, populate } from './people.ts'
import { takePairs } from './samples.ts'
import { findable, mannWhitney, median, type Pairs, permuteMedians } from './statistics.ts'

const LEVEL = 0.01
const WARM_UP = 300

/** Cold samples are the first of so many processes, so many pairs each. */
const COLD_PROCESSES = 5
const COLD_PAIRS = 100

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '2000' },
    only: { type: 'string', default: Object.keys(ENDPOINTS).join() },
    planted: { type: 'string', default: '' },
    cold: { type: 'boolean', default: true },
  },
  allowNegative: true,
})
const samples = Number(values.samples)

const folder = mkdtempSync(join(tmpdir(), 'latchkey-timing-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Hashes are cheap, so that what differs beside them is not lost in their noise. */
const env = (name: string): Record<string, string> => ({
  NODE_ENV: 'development',
  JWT_KEY: 'for the measurements and for nothing else',
  DATABASE_URL: `sqlite:${folder}/${name}.db`,
  MAIL_DIR: `${folder}/mail`,
  ARGON2_MEMORY: '1024',
  ARGON2_TIME: '1',
  PASSWORD_POLICY: 'length',
  REGISTRATION: 'verify-first',
  SIGN_IN_LINK: 'on',
  SIGN_IN_CODE: 'on',
  TRUST_PROXY: '1',
  // so many are wrong here that one would be asked for
  LOGIN_CHALLENGE: 'off',
  LOG_LEVEL: 'info',
  PLANTED: values.planted,
  KNOWN_NAMES: `${folder}/known`,
})

const slice = ({ known, unknown }: Names, from: number, to?: number): Names => ({
  known: known.slice(from, to),
  unknown: unknown.slice(from, to),
})

async function measureWarm(name: string, settings: Record<string, string>, names: Names): Promise<Pairs> {
  await using server = await startServer('../timing/serve.ts', settings, { folder })
  const endpoint = ENDPOINTS[name] as (typeof ENDPOINTS)[string]
  await takePairs(server.url, endpoint, slice(names, 0, WARM_UP))
  const pairs = await takePairs(server.url, endpoint, slice(names, WARM_UP, WARM_UP + samples))
  return pairs
}

async function measureCold(name: string, settings: Record<string, string>, names: Names): Promise<Pairs> {
  const endpoint = ENDPOINTS[name] as (typeof ENDPOINTS)[string]
  const pairs: { known: number[]; unknown: number[] } = { known: [], unknown: [] }
  for (let turn = 0; turn < COLD_PROCESSES; turn += 1) {
    await using server = await startServer('../timing/serve.ts', settings, { folder })
    const from = WARM_UP + samples + turn * COLD_PAIRS
    const taken = await takePairs(server.url, endpoint, slice(names, from, from + COLD_PAIRS))
    pairs.known.push(...taken.known)
    pairs.unknown.push(...taken.unknown)
  }
  return pairs
}

let isTold = false

function report(name: string, how: 'warm' | 'cold', pairs: Pairs): void {
  const ranks = mannWhitney(pairs.known, pairs.unknown)
  const medians = permuteMedians(pairs)
  const told = ranks < LEVEL / 2 || medians < LEVEL / 2
  isTold ||= told
  const difference = median(pairs.known) - median(pairs.unknown)
  const finds = findable(pairs.unknown, LEVEL / 2)
  process.stdout.write(
    `${name.padEnd(13)} ${how}  ${String(pairs.known.length).padStart(5)} a side  median ${median(pairs.unknown).toFixed(0)} µs  ` +
      `known − unknown ${difference.toFixed(1)} µs  p ${ranks.toFixed(3)} by ranks, ${medians.toFixed(3)} by medians  ` +
      `would find ${finds ?? 'over 2000'} µs  ${told ? 'TOLD APART' : 'alike'}\n`,
  )
}

for (const name of values.only.split(',')) {
  const settings = env(name)
  const names = await populate(settings, folder, WARM_UP + samples + COLD_PROCESSES * COLD_PAIRS)
  report(name, 'warm', await measureWarm(name, settings, names))
  if (values.cold) report(name, 'cold', await measureCold(name, settings, names))
}
process.exitCode = isTold ? 1 : 0
