/** Closed-loop load by wrk: each connection sends its next request when the last one was answered. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cpuSeconds } from '../servers/cpu.ts'

const SCRIPT = fileURLToPath(new URL('./wrk.lua', import.meta.url))

/** Longer than any answer takes, so that a slow one is counted and not given up; in s. */
const PATIENCE = 60

export interface Request {
  url: string
  method?: 'GET' | 'POST'
  headers?: Readonly<Record<string, string>>
  body?: string
  /** a file of access tokens, bodies or refresh tokens, one a line; see wrk.lua */
  lines?: { kind: 'bearer' | 'body' | 'refresh' | 'refresh-form'; path: string }
}

export interface Throughput {
  /** answers per second */
  rate: number
  /** how many cores the load generator took */
  generator: number
  /** CPU time of the server for one answer, all its threads together, in µs; NaN where the system does not tell */
  cost: number
}

/** What wrk.lua prints. */
interface Summary {
  answered: number
  seconds: number
  refused: number
  failed: number
  /** CPU time of wrk, in s */
  cpu: number
}

/**
 * Loads one URL for some seconds.
 * @param pid the server's process, whose CPU time is of interest
 * @throws when a single request was not answered 2xx: refusals are cheap, and would look like speed
 */
export async function load(
  request: Request,
  { connections, seconds, pid }: { connections: number; seconds: number; pid: number },
): Promise<Throughput> {
  const before = cpuSeconds(pid)
  const summary = await runWrk(request, connections, seconds)
  const used = cpuSeconds(pid) - before
  const { answered, refused, failed } = summary
  if (answered === 0 || refused + failed > 0)
    throw new Error(`${request.url}: of ${answered} answers ${refused} were refusals, and ${failed} requests failed`)
  return {
    rate: answered / summary.seconds,
    generator: summary.cpu / summary.seconds,
    cost: (1e6 * used) / answered,
  }
}

async function runWrk(request: Request, connections: number, seconds: number): Promise<Summary> {
  const { url, method = 'GET', headers = {}, body, lines } = request
  const args = ['-t', '1', '-c', `${connections}`, '-d', `${seconds}s`, '--timeout', `${PATIENCE}s`, '-s', SCRIPT]
  for (const [name, value] of Object.entries(headers)) args.push('-H', `${name}: ${value}`)
  const env = {
    PATH: process.env['PATH'] ?? '',
    METHOD: method,
    KIND: lines?.kind ?? 'fixed',
    ...(lines && { LINES: lines.path }),
    ...(body !== undefined && { BODY: body }),
  }
  const { stdout } = await promisify(execFile)('wrk', [...args, url], { env })
  const summary = /^\{.*\}$/m.exec(stdout)
  if (!summary) throw new Error(`wrk gave no summary: ${stdout}`)
  return JSON.parse(summary[0]) as Summary
}
