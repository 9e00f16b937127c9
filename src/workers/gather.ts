/** The parent's part of a scrape: it asks every worker, and gives the answers to the one that was scraped. */
import type { Worker } from 'node:cluster'
import type { FromParent, FromWorker, Report } from './messages.ts'

/** A worker that does not answer in this time is shown as silent, in ms; scrapers wait for ten seconds and more. */
const PATIENCE = 2000

/**
 * Makes the one who gathers.
 * @returns a function that takes what a worker says, if it is about metrics
 */
export function createGatherer(workers: () => readonly Worker[], tell: (worker: Worker, order: FromParent) => void) {
  const open = new Map<number, { reports: Map<number, Report>; finish: () => void }>()
  let last = 0

  function gather(asker: Worker, id: number): void {
    last += 1
    const round = last
    const reports = new Map(workers().map(({ id: worker }): [number, Report] => [worker, { worker }]))
    const finish = () => {
      clearTimeout(timer)
      if (open.delete(round)) tell(asker, { do: 'show', id, reports: [...reports.values()] })
    }
    const timer = setTimeout(finish, PATIENCE)
    open.set(round, { reports, finish })
    for (const worker of workers()) tell(worker, { do: 'report', id: round })
  }

  return (worker: Worker, message: FromWorker): void => {
    if (message.say === 'gather') gather(worker, message.id)
    const round = message.say === 'report' ? open.get(message.id) : undefined
    if (message.say !== 'report' || !round) return
    round.reports.set(worker.id, { worker: worker.id, metrics: message.metrics })
    if ([...round.reports.values()].every(({ metrics }) => metrics)) round.finish()
  }
}
