import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fewOnSqlite, type Place, scratchFolder } from '../data/places.ts'
import { alternate, median, type Row } from '../measure.ts'
import { builtServer } from '../servers/built.ts'
import { cpuSeconds } from '../servers/cpu.ts'
import { deployment } from '../servers/latchkey.ts'
import { freePort } from '../servers/postgres.ts'

/** Starts in a round; its figure is their median. */
const STARTS = 5

/** Between two attempts to get an answer, in ms. */
const PAUSE = 1

const script = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** How long a deployment, or a crash, keeps clients waiting. */
export const start: Row = {
  name: 'start',
  group: 'process',
  ours: 'the built service, from the start of the process to the first 200 on /health/ready',
  theirs: 'bare Fastify, to its first 200',
  unit: 's',
  setting: `NODE_ENV=production, after npm run build, existing SQLite file with 1,000 accounts; the second start and later ones, which find compiled code on disk; median of ${STARTS} starts in each round`,
  limits:
    'Files are in the page cache: the first start after a machine’s own takes longer. npm and its lookup are left out.',
  target: { of: 'ours', most: 0.4 },

  async run(effort) {
    using scratch = scratchFolder()
    const place = await fewOnSqlite(scratch.path)
    const server = await builtServer()
    const sides = {
      built: () => startOnce(server, '/health/ready', scratch.path, place),
      sources: () => startOnce(script('../../src/server.ts'), '/health/ready', scratch.path, place),
      bare: () => startOnce(script('../servers/hello.ts'), '/', scratch.path, place),
    }
    // these leave the compiled code behind, and the signing key
    for (const side of Object.values(sides)) await several(side)
    // awaited here: the folder goes when this function ends
    const seen = await alternate(effort, {
      built: () => several(sides.built),
      sources: () => several(sides.sources),
      bare: () => several(sides.bare),
    })
    const medians = (side: Start[][], figure: keyof Start) =>
      side.map((starts) => median(starts.map((one) => one[figure])))
    return {
      ours: medians(seen.built, 'seconds'),
      theirs: medians(seen.bare, 'seconds'),
      also: [
        { what: 'the sources, as npm start runs them', unit: 's', rounds: medians(seen.sources, 'seconds') },
        { what: 'CPU time of a start, built', unit: 's', rounds: medians(seen.built, 'cpu') },
        { what: 'CPU time of a start, the sources', unit: 's', rounds: medians(seen.sources, 'cpu') },
        { what: 'CPU time of a start, other side', unit: 's', rounds: medians(seen.bare, 'cpu') },
      ],
    }
  },
}

/** What it took until the first 200, in s. */
interface Start {
  seconds: number
  cpu: number
}

async function several(side: () => Promise<Start>): Promise<Start[]> {
  const starts: Start[] = []
  for (let count = 0; count < STARTS; count += 1) starts.push(await side())
  return starts
}

async function startOnce(path: string, ready: string, cwd: string, place: Place): Promise<Start> {
  const port = await freePort()
  const env = { ...deployment(place), PORT: String(port) }
  const start = performance.now()
  const child = spawn(process.execPath, ['--import', script('../../src/runtime.js'), path], {
    cwd,
    env,
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  while (!(await isOk(`http://127.0.0.1:${port}${ready}`))) {
    if (child.exitCode !== null) throw new Error(`${path} ended with ${child.exitCode}`)
    await after(PAUSE)
  }
  const seconds = (performance.now() - start) / 1000
  const cpu = cpuSeconds(child.pid ?? 0)
  child.kill('SIGKILL')
  await ended
  return { seconds, cpu }
}

function isOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    }).once('error', () => resolve(false))
  })
}
