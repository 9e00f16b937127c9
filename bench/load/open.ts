/** Open-loop load: requests begin at their times, whatever became of those before. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Request } from './closed.ts'

const SCRIPT = fileURLToPath(new URL('./open-process.ts', import.meta.url))

/** The shares of the requests whose waits are told, as percentiles. */
export const PERCENTILES = [50, 75, 90, 95, 99, 99.9, 100] as const

export interface Waits {
  /** one for each of PERCENTILES, in ms */
  percentiles: readonly number[]
  /** how late the generator itself was for one request in a hundred, in ms; not among the waits */
  late: number
  answered: number
}

/**
 * Asks `rate` times a second for some seconds, in a process of its own, which runs before others where the system lets
 * it: what a request waits for the server is of interest, and not what the generator waits for a core.
 * @throws when a single request was not answered 2xx
 */
export async function loadSteadily({ url, headers = {} }: Request, rate: number, seconds: number): Promise<Waits> {
  const env = {
    URL: url,
    HEADERS: JSON.stringify(headers),
    RATE: String(rate),
    SECONDS: String(seconds),
    PERCENTILES: JSON.stringify(PERCENTILES),
  }
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], { env })
  return JSON.parse(stdout) as Waits
}

/** The wait that 99 of 100 requests did not exceed, in ms. */
export function p99({ percentiles }: Waits): number {
  return percentiles[PERCENTILES.indexOf(99)] ?? Number.NaN
}
