/** A scrape reaches one worker, and shows all of them. */
import type { Report } from './messages.ts'
import { onOrder, tellParent, workerNumber } from './worker.ts'

/** Where the labels of a sample go: behind its name, before those that it has. */
const LABELS = /^([\w:]+)(?:\{|(?= ))/

/**
 * What a scrape shows: where there are workers, what every one of them has, with its number as the label `worker`. They
 * are not added up: a sum of counters would fall when a worker is replaced, and be taken for growth.
 * @param scrape the metrics of this process, in Prometheus's text format
 * @returns a function that gives the text
 */
export function scrapeAll(scrape: () => Promise<string>): () => Promise<string> {
  if (workerNumber() === undefined) return scrape
  const waiting = new Map<number, (reports: Report[]) => void>()
  let scrapes = 0
  onOrder((order) => {
    if (order.do === 'report') void report(order.id)
    if (order.do !== 'show') return
    waiting.get(order.id)?.(order.reports)
    waiting.delete(order.id)
  })

  async function report(id: number): Promise<void> {
    await tellParent({ say: 'report', id, metrics: await scrape() })
  }

  return async () => {
    scrapes += 1
    const { promise, resolve } = Promise.withResolvers<Report[]>()
    waiting.set(scrapes, resolve)
    void tellParent({ say: 'gather', id: scrapes })
    return merge(await promise)
  }
}

/** The texts of all workers as one: the samples of a metric stand together, below what it means. */
export function merge(reports: readonly Report[]): string {
  const up = ['# HELP latchkey_worker_up Whether the worker answered this scrape', '# TYPE latchkey_worker_up gauge']
  for (const { worker, metrics } of reports) up.push(`latchkey_worker_up{worker="${worker}"} ${metrics ? 1 : 0}`)
  const families = new Map<string, string[]>()
  for (const { worker, metrics = '' } of reports) {
    let family: string[] = []
    for (const line of metrics.split('\n')) {
      if (line.startsWith('#')) {
        // one list for each comment: the samples come into that of the last, which is the type
        family = families.get(line) ?? []
        families.set(line, family)
      } else if (line !== '') family.push(labelled(line, worker))
    }
  }
  const lines = [...families].flatMap(([comment, samples]) => [comment, ...samples])
  return `${[...up, ...lines].join('\n')}\n`
}

function labelled(sample: string, worker: number): string {
  const own = `worker="${worker}"`
  return sample.replace(LABELS, (match, name) => (match.endsWith('{') ? `${name}{${own},` : `${name}{${own}}`))
}
