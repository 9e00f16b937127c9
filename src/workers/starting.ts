/** The start of one worker, until it serves or does not. */
import cluster, { type Worker } from 'node:cluster'
import type { FromWorker, Readiness } from './messages.ts'

/** A worker could not start; one line a fault. */
export class StartFailure extends Error {
  readonly lines: readonly string[]
  constructor(lines: readonly string[]) {
    super(lines.join('; '))
    this.lines = lines
  }
}

const noProcess = ({ message }: Error) => new StartFailure([`there is no process for a worker: ${message}`])

/**
 * Starts a process.
 * @param variables its environment, besides this process's
 * @throws StartFailure where the system says at once that it cannot; most often `error` says so later
 */
export function forkWorker(variables: Record<string, string>): Worker {
  try {
    return cluster.fork(variables)
  } catch (error) {
    throw noProcess(error as Error)
  }
}

interface End {
  code: number | null
  signal: string | null
}

/** Resolves when a worker has ended, or was found never to have begun: then Node emits no `exit`. */
export function endOf(worker: Worker): Promise<End> {
  return new Promise((resolve) => {
    worker.once('exit', (code, signal) => resolve({ code, signal }))
    worker.on('error', () => hasBegun(worker) || resolve({ code: null, signal: null }))
  })
}

/** An `error` of one that has begun is a message that did not arrive. Its `exit` says what became of it. */
const hasBegun = (worker: Worker) => worker.process.pid !== undefined

/**
 * Resolves when a worker serves.
 * @param limit ms after which it is ended when it does not; none: it may take as long as it likes
 * @throws StartFailure when it ends before, or never began
 */
export function readinessOf(worker: Worker, limit?: number): Promise<Readiness> {
  const { promise, resolve, reject } = Promise.withResolvers<Readiness>()
  let late = false
  const end = () => {
    late = true
    worker.process.kill('SIGKILL')
  }
  const timer = limit === undefined ? undefined : setTimeout(end, limit)
  worker.on('message', (message: FromWorker) => {
    if (message.say === 'ready') resolve(message.readiness)
    if (message.say === 'failed') reject(new StartFailure(message.lines))
  })
  worker.on('error', (error) => hasBegun(worker) || reject(noProcess(error)))
  worker.once('exit', (code, signal) => {
    const how = late ? `was ended after ${limit} ms` : `ended with ${signal ?? `exit code ${code}`}`
    reject(new StartFailure([`a worker ${how} before it was ready`]))
  })
  return promise.finally(() => clearTimeout(timer))
}
