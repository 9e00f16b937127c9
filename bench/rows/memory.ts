/** What the service holds in memory: doing nothing, working, and with many sessions seen. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { manyOnSqlite, scratchFolder } from '../data/places.ts'
import { load, type Request } from '../load/closed.ts'
import { type Effort, median, type Row } from '../measure.ts'
import { builtServer } from '../servers/built.ts'
import { residentMegabytes } from '../servers/cpu.ts'
import { type Latchkey, SETTINGS, startLatchkey } from '../servers/latchkey.ts'
import { freePort } from '../servers/postgres.ts'
import { startServer } from '../servers/start.ts'

const TOLD = fileURLToPath(new URL('../servers/told.ts', import.meta.url))

/** After this long a service that has just started has come to rest, in ms. */
const REST = 5000

const MIXED = { mes: 16, refresh: 16, login: 4 } as const

/** As many sessions as a node keeps in memory, and a fifth of that. */
const SEEN = 100_000
const FEWER = 20_000

/** What an idle service takes of the machine. */
export const memoryIdle: Row = {
  name: 'memory-idle',
  group: 'process',
  ours: 'resident memory of the idle service, built',
  theirs: 'of bare Fastify with one route',
  unit: 'MB',
  setting: `${SETTINGS}; ${REST / 1000} s after the start`,
  limits: 'Pages of files that processes share, such as Node itself, count in full.',
  target: { of: 'ours', most: 100 },

  async run({ rounds }) {
    const script = await builtServer()
    const figures = { built: [] as number[], sources: [] as number[], bare: [] as number[] }
    for (let round = 0; round < rounds; round += 1) {
      using scratch = scratchFolder()
      await using built = await startLatchkey({ script })
      await using sources = await startLatchkey()
      const env = { PORT: String(await freePort()) }
      await using bare = await startServer('./hello.ts', env, { folder: scratch.path })
      await after(REST)
      figures.built.push(residentMegabytes(built.pid))
      figures.sources.push(residentMegabytes(sources.pid))
      figures.bare.push(residentMegabytes(bare.pid))
    }
    return {
      ours: figures.built,
      theirs: figures.bare,
      also: [{ what: 'the sources, as npm start runs them', unit: 'MB', rounds: figures.sources }],
    }
  },
}

/** A leak would be seen as a line that rises to its end. */
export const memoryLoad: Row = {
  name: 'memory-load',
  group: 'process',
  ours: 'resident memory in the last fifth of the time under full load',
  theirs: 'in the second fifth',
  unit: 'MB',
  setting: `${SETTINGS}; at once ${MIXED.mes} connections with GET /users/me, ${MIXED.refresh} with refreshes and ${MIXED.login} with logins`,
  limits: 'A leak that takes hours to show is not seen.',
  target: { of: 'ratio', most: 1.1 },

  async run(effort) {
    await using latchkey = await startLatchkey()
    const samples = await underLoad(latchkey, effort)
    const fifth = Math.floor(samples.length / 5)
    const points = samples.map((megabytes, second) => [second / 60, megabytes] as const)
    return {
      ours: [median(samples.slice(-fifth))],
      theirs: [median(samples.slice(fifth, 2 * fifth))],
      also: [{ what: 'the most', unit: 'MB', rounds: [Math.max(...samples)] }],
      lines: {
        title: 'Resident memory under full load',
        x: 'minutes',
        y: 'MB',
        series: [{ name: 'resident memory', points }],
      },
    }
  },
}

/** Resident memory, second by second. */
async function underLoad({ pid, requests }: Latchkey, { minutes }: Effort): Promise<number[]> {
  const seconds = Math.max(10, Math.round(minutes * 60))
  const flood = (request: Request, connections: number) => load(request, { connections, seconds, pid })
  const floods = Promise.all([
    flood(requests.mes, MIXED.mes),
    flood(requests.refresh, MIXED.refresh),
    flood(requests.login, MIXED.login),
  ])
  // awaited below; a failure in between must not end the process
  floods.catch(() => {})
  const samples: number[] = []
  for (let second = 0; second < seconds; second += 1) {
    samples.push(residentMegabytes(pid))
    await after(1000)
  }
  await floods
  return samples
}

/** Sessions are remembered up to a number, however many are seen. */
export const memorySessions: Row = {
  name: 'memory-sessions',
  group: 'process',
  ours: `what the service holds after ${SEEN.toLocaleString('en')} sessions were seen`,
  theirs: `after ${FEWER.toLocaleString('en')}`,
  unit: 'MB',
  setting:
    'NODE_ENV=production, RATE_LIMIT=off, SQLite file with 1,000,000 accounts; heap and external memory after a full garbage collection',
  limits:
    'What a session costs is its token with the claims and its state with the account, for accounts with short names and one role.',

  async run() {
    const node = ['--expose-gc', '--import', TOLD]
    await using latchkey = await startLatchkey({ place: await manyOnSqlite(), node })
    const tokens = readFileSync(latchkey.requests.mes.lines?.path ?? '', 'utf8')
      .trim()
      .split('\n')
    const url = latchkey.requests.mes.url
    // compiled and connected, so that the rest of the growth is sessions
    await askEach(
      url,
      Array.from({ length: FEWER }, () => tokens[0] ?? ''),
    )
    const none = await holds(latchkey)
    await askEach(url, tokens.slice(0, FEWER))
    const full = await holds(latchkey)
    await askEach(url, tokens.slice(FEWER, SEEN))
    const many = await holds(latchkey)
    return {
      ours: [many.bytes / 1e6],
      theirs: [full.bytes / 1e6],
      also: [
        { what: 'before any session was seen', unit: 'MB', rounds: [none.bytes / 1e6] },
        { what: 'each session remembered', unit: 'bytes', rounds: [(full.bytes - none.bytes) / FEWER] },
        { what: `resident after ${SEEN.toLocaleString('en')}`, unit: 'MB', rounds: [many.resident / 1e6] },
      ],
    }
  },
}

async function holds({ child }: Latchkey): Promise<{ bytes: number; resident: number }> {
  child.kill('SIGUSR2')
  for (;;) {
    const [text] = (await once(child.stderr ?? child, 'data')) as [string]
    const found = /holds (\d+) resident (\d+)/.exec(text)
    if (found) return { bytes: Number(found[1]), resident: Number(found[2]) }
  }
}

/** One request with each token, a few at once. */
async function askEach(url: string, tokens: readonly string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true })
  let next = 0
  const work = async () => {
    for (let token = tokens[next++]; token; token = tokens[next++]) await ask(url, token, agent)
  }
  await Promise.all(Array.from({ length: 16 }, work))
  agent.destroy()
}

function ask(url: string, token: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume().once('end', resolve)
      if (response.statusCode !== 200) reject(new Error(`${url} was answered ${response.statusCode}`))
    }).once('error', reject)
  })
}
