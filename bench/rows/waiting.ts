/** What others wait while the service is busy. */
import { writeFileSync } from 'node:fs'
import { scratchFolder } from '../data/places.ts'
import { PASSWORD } from '../data/population.ts'
import { load, type Request, type Throughput } from '../load/closed.ts'
import { loadSteadily, PERCENTILES, p99, type Waits } from '../load/open.ts'
import { alternate, type Comparison, type Effort, type Lines, median, type Row } from '../measure.ts'
import { type Latchkey, SETTINGS, startLatchkey } from '../servers/latchkey.ts'
import { HASH, LOGIN_CONNECTIONS } from './login.ts'

/** GET /users/me in a second; little enough that an idle service answers each at once. */
const RATE = 500

const REFRESH_CONNECTIONS = 16
const REGISTER_CONNECTIONS = 8

const SETTING = `${SETTINGS}; ${RATE} GET /users/me a second, at fixed times; ${HASH}`
const LIMITS =
  'Load generators and server share the cores. The generator of these requests runs at a higher priority where it may, so that its own waiting is not counted; how late it was is told beside.'

/** Logins take all the processor time there is. */
export const waitingLogins: Row = {
  name: 'p99-logins',
  group: 'waiting',
  ours: 'p99 of GET /users/me while logins saturate every core',
  theirs: 'p99 without logins',
  unit: 'ms',
  setting: `${SETTING}; ${LOGIN_CONNECTIONS} connections that log in again and again`,
  limits: LIMITS,
  target: { of: 'ratio', most: 3 },

  async run(effort) {
    await using latchkey = await startLatchkey()
    const logins = (seconds: number) => flood(latchkey, latchkey.requests.login, LOGIN_CONNECTIONS, seconds)
    await logins(2)
    const seen = await alternate(effort, {
      quiet: () => loadSteadily(latchkey.requests.me, RATE, effort.seconds),
      most: () => logins(effort.seconds),
      busy: () => during(latchkey, effort, [logins]),
    })
    const most = seen.most.map(({ rate }) => rate)
    const shares = seen.busy.map(({ floods: [flood] }, round) => (flood?.rate ?? 0) / (most[round] ?? Number.NaN))
    return {
      ...comparison(
        seen.quiet,
        seen.busy.map(({ waits }) => waits),
        'while others log in',
      ),
      also: [
        { what: 'logins, of their maximum', unit: 'share', rounds: shares, target: { least: 0.7 } },
        { what: 'logins by themselves', unit: 'per second', rounds: most },
        ...lateness(seen.quiet, seen.busy),
      ],
    }
  },
}

/** Refreshes and registrations write, and registrations hash as well. */
export const waitingStorm: Row = {
  name: 'p99-storm',
  group: 'waiting',
  ours: 'p99 of GET /users/me during a storm of refreshes and registrations',
  theirs: 'p99 without',
  unit: 'ms',
  setting: `${SETTING}; ${REFRESH_CONNECTIONS} connections that refresh and ${REGISTER_CONNECTIONS} that register, each again and again`,
  limits: LIMITS,
  target: { of: 'ratio', most: 3 },

  async run(effort) {
    using scratch = scratchFolder()
    await using latchkey = await startLatchkey()
    const registering = registrations(latchkey, scratch.path)
    const storm = [
      (seconds: number) => flood(latchkey, latchkey.requests.refresh, REFRESH_CONNECTIONS, seconds),
      (seconds: number) => flood(latchkey, registering(), REGISTER_CONNECTIONS, seconds),
    ]
    const seen = await alternate(effort, {
      quiet: () => loadSteadily(latchkey.requests.me, RATE, effort.seconds),
      busy: () => during(latchkey, effort, storm),
    })
    const rates = (index: number) => seen.busy.map(({ floods }) => floods[index]?.rate ?? Number.NaN)
    return {
      ...comparison(
        seen.quiet,
        seen.busy.map(({ waits }) => waits),
        'in the storm',
      ),
      also: [
        { what: 'refreshes in the storm', unit: 'per second', rounds: rates(0) },
        { what: 'registrations in the storm', unit: 'per second', rounds: rates(1) },
        ...lateness(seen.quiet, seen.busy),
      ],
    }
  },
}

const flood = ({ pid }: Latchkey, request: Request, connections: number, seconds: number): Promise<Throughput> =>
  load(request, { connections, seconds, pid })

type Flood = (seconds: number) => Promise<Throughput>

interface Busy {
  waits: Waits
  floods: Throughput[]
}

/** The flood begins before the steady requests and ends after them. */
async function during({ requests }: Latchkey, { seconds }: Effort, floods: readonly Flood[]): Promise<Busy> {
  const rising = floods.map((start) => start(seconds + 3))
  // awaited below; a failure in between must not end the process
  for (const flood of rising) flood.catch(() => {})
  const waits = await loadSteadily(requests.me, RATE, seconds)
  return { waits, floods: await Promise.all(rising) }
}

/** Gives a request with new people every time. */
function registrations({ url }: Latchkey, folder: string): () => Request {
  let round = 0
  return () => {
    round += 1
    const path = `${folder}/people-${round}`
    const people = Array.from({ length: 20_000 }, (_, index) => {
      const username = `newcomer.${round}.${index}`
      return JSON.stringify({ username, email: `${username}@example.org`, password: PASSWORD })
    })
    writeFileSync(path, `${people.join('\n')}\n`)
    const headers = { 'content-type': 'application/json' }
    return { url: `${url}/api/v1/auth/register`, method: 'POST', headers, lines: { kind: 'body', path } }
  }
}

function comparison(quiet: readonly Waits[], busy: readonly Waits[], when: string): Comparison {
  const lines: Lines = {
    title: `How long GET /users/me takes ${when}`,
    x: 'share of the requests, in percent',
    y: 'ms',
    ticks: PERCENTILES.map((share) => (share === 100 ? 'all' : String(share))),
    series: [curve(when, busy), curve('without', quiet)],
  }
  return { ours: busy.map(p99), theirs: quiet.map(p99), lines }
}

/** At each percentile the median of the rounds. */
function curve(name: string, rounds: readonly Waits[]) {
  const points = PERCENTILES.map(
    (_, at) => [at, median(rounds.map(({ percentiles }) => percentiles[at] ?? 0))] as const,
  )
  return { name, points }
}

function lateness(quiet: readonly Waits[], busy: readonly Busy[]) {
  return [
    { what: 'generator late, p99, without', unit: 'ms', rounds: quiet.map(({ late }) => late) },
    { what: 'generator late, p99, with', unit: 'ms', rounds: busy.map(({ waits }) => waits.late) },
  ]
}
