/** What others wait while the longest list that an account can have is asked for again and again. */
import { PASSWORD } from '../data/population.ts'
import type { Request } from '../load/closed.ts'
import { loadSteadily, p99, type Waits } from '../load/open.ts'
import { alternate, type Row } from '../measure.ts'
import { SETTINGS, startLatchkey } from '../servers/latchkey.ts'

/** GET /health/live in a second. */
const RATE = 200

/** As often as one account may ask, in a second. */
const LISTS = 20

/** As many sessions as an account may have, and what their programs call themselves at the longest. */
const SESSIONS = 100
const AGENT = 'x'.repeat(256)

export const waitingLists: Row = {
  name: 'p99-lists',
  group: 'waiting',
  ours: 'p99 of GET /health/live while an account with 100 sessions lists them',
  theirs: 'p99 without',
  unit: 'ms',
  setting: `${SETTINGS}; ${RATE} GET /health/live a second and ${LISTS} GET /users/me/sessions, both at fixed times`,
  limits: 'Load generators and server share the cores. How late the generator of these requests was is told beside.',
  target: { of: 'ratio', most: 2 },

  async run(effort) {
    await using latchkey = await startLatchkey()
    const live: Request = { url: `${latchkey.url}/health/live` }
    const list = await manySessions(latchkey.url)
    const size = Buffer.byteLength(await (await fetch(list.url, { headers: list.headers ?? {} })).text())
    const seen = await alternate(effort, {
      quiet: () => loadSteadily(live, RATE, effort.seconds),
      busy: () => beside(list, effort.seconds, () => loadSteadily(live, RATE, effort.seconds)),
    })
    const late = (what: string, rounds: readonly Waits[]) => ({
      what,
      unit: 'ms',
      rounds: rounds.map(({ late }) => late),
    })
    return {
      ours: seen.busy.map(p99),
      theirs: seen.quiet.map(p99),
      also: [
        { what: 'the list', unit: 'bytes', rounds: [size], target: { most: 65_536 } },
        late('generator late, p99, without', seen.quiet),
        late('generator late, p99, with', seen.busy),
      ],
    }
  },
}

/** The list begins to be asked for before the work and ends after it. */
async function beside(list: Request, seconds: number, work: () => Promise<Waits>): Promise<Waits> {
  const asked = loadSteadily(list, LISTS, seconds + 3)
  // awaited below; a failure in between must not end the process
  asked.catch(() => {})
  const waits = await work()
  await asked
  return waits
}

/** Registers somebody and signs them in until there is no more room. @returns how their list is asked for */
async function manySessions(url: string): Promise<Request> {
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json', 'user-agent': AGENT }
    const answer = await fetch(`${url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return (await answer.json()) as { access_token: string }
  }
  const username = 'signed.in.everywhere'
  await post('/auth/register', { username, email: `${username}@example.org`, password: PASSWORD })
  let tokens = { access_token: '' }
  for (let index = 0; index < SESSIONS; index += 1)
    tokens = await post('/auth/login', { identifier: username, password: PASSWORD })
  return { url: `${url}/api/v1/users/me/sessions`, headers: { authorization: `Bearer ${tokens.access_token}` } }
}
