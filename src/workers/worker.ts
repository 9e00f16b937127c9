/** A worker's side: it says how it is, and does as it is told. */
import cluster from 'node:cluster'
import type { FromParent, FromWorker, Readiness } from './messages.ts'

/** This process's number among the workers, from 1 and never given twice; undefined where it is the only process. */
export const workerNumber = (): number | undefined => cluster.worker?.id

/** Tells the parent something. Resolves when it is on its way, and all that was told before. */
export function tellParent(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    // a parent that is gone takes this process with it
    process.send?.(message, undefined, undefined, () => resolve())
  })
}

/** Calls `listener` with what the parent says. */
export function onOrder(listener: (order: FromParent) => void): void {
  process.on('message', (order) => listener(order as FromParent))
}

export const reportReady = (readiness: Readiness): Promise<void> => tellParent({ say: 'ready', readiness })

/** @param lines why it cannot start, one a fault */
export const reportFailure = (lines: readonly string[]): Promise<void> => tellParent({ say: 'failed', lines })

/**
 * Says that no more connections are taken. Resolves when none is on its way here any more: a connection that the parent
 * had sent meanwhile went back to it, and on to another worker.
 */
export function reportClosed(): Promise<void> {
  return new Promise((resolve) => {
    onOrder((order) => order.do === 'leave' && resolve())
    void tellParent({ say: 'closed' })
  })
}
