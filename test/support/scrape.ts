/** Metrics as a scraper gets them. */
import type { FastifyInstance } from 'fastify'
import { bearer } from './app.ts'

export const METRICS_TOKEN = 'a-token-for-metrics'

/** Every value by its name with its labels, as they are written. */
export type Scrape = ReadonlyMap<string, number>

/** Asks for the metrics, which have to be served to bearers of the token. */
export async function scrape(app: FastifyInstance): Promise<Scrape> {
  const lines = (await readLines(app)).filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

/** The values that begin with a prefix and have changed, each with by how much; the prefix is left out. */
export function growth(before: Scrape, after: Scrape, prefix: string): Record<string, number> {
  const grown = [...after]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value - (before.get(name) ?? 0)] as const)
    .filter(([, by]) => by !== 0)
  return Object.fromEntries(grown)
}

/** The names of all metrics, those included that have no value at the moment. */
export async function metricNames(app: FastifyInstance): Promise<string[]> {
  return (await readLines(app)).flatMap((line) => /^# TYPE (\w+)/.exec(line)?.[1] ?? [])
}

async function readLines(app: FastifyInstance): Promise<string[]> {
  const { body } = await app.inject({ url: '/metrics', headers: bearer(METRICS_TOKEN) })
  return body.split('\n')
}
