/** The processes behind one port: started, replaced, ended. What happens to them is decided here and in no other place. */
import cluster, { type Worker } from 'node:cluster'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import type { Log } from '../deps.ts'
import { backoff } from './backoff.ts'
import { createGatherer } from './gather.ts'
import type { FromParent, FromWorker, Readiness } from './messages.ts'
import { shareOf } from './share.ts'
import { endOf, forkWorker, readinessOf, type StartFailure } from './starting.ts'

/**
 * A worker that takes the place of another and is not ready after this, in ms, is ended: one that hangs would hold up
 * every renewal. It is long, for it may have to migrate a large database.
 */
const LONGEST_START = 10 * 60_000

const PROGRAM = fileURLToPath(new URL('../server.ts', import.meta.url))

/** One of the places that the configuration's `workers` says there are. */
interface Place {
  index: number
  /** who serves there */
  worker?: Worker
  /** the start of the next one, while it goes on */
  launch?: Promise<Readiness>
  /** how long it stays empty after a loss: of its own, since others that are lost at the same time say nothing of it */
  readonly delay: ReturnType<typeof backoff>
}

export interface Pool {
  /** Starts all of them. @throws StartFailure when one cannot start, or was not let to */
  open(): Promise<Readiness>
  /** Replaces one after another; a call while that goes on has it done once more. */
  renew(): Promise<void>
  /** Lets every one finish what it has. @returns whether all ended well */
  close(): Promise<boolean>
  /** Ends them at once. */
  kill(): Promise<void>
}

interface Needs {
  config: Config
  log: Log
  /** nobody serves any more, and nobody can: the end */
  giveUp: (failure: StartFailure) => void
  /** how long the start of a replacement may take, in ms */
  longestStart?: number
}

/** Makes the pool, in the process that does not serve. */
export function createPool({ config, log, giveUp, longestStart = LONGEST_START }: Needs): Pool {
  const places = Array.from({ length: config.workers }, (_, index): Place => ({ index, delay: backoff() }))
  /** of those that run, when each has ended: whether it ended well */
  const endings = new Map<Worker, Promise<boolean>>()
  const starting = new Set<Worker>()
  let closing = false
  let renewing: Promise<void> | undefined
  let renewAgain = false

  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({ exec: PROGRAM, args: [], serialization: 'advanced' })
  const gatherer = createGatherer(() => [...endings.keys()].filter((worker) => worker.isConnected()), tell)

  /**
   * Starts a worker for a place, unless one starts already.
   * @param limit how long that may take, in ms
   * @throws StartFailure
   */
  function launch(place: Place, limit?: number): Promise<Readiness> {
    place.launch ??= startWorker(place, limit).finally(() => delete place.launch)
    return place.launch
  }

  async function startWorker(place: Place, limit?: number): Promise<Readiness> {
    const worker = forkWorker(shareOf(config, place.index))
    worker.on('error', (err) => log.error({ ...identity(worker), err }, 'a worker cannot be reached'))
    const ended = endOf(worker).then(({ code, signal }) => {
      endings.delete(worker)
      if (place.worker === worker) onLoss(place, { ...identity(worker), code, signal })
      return code === 0
    })
    endings.set(worker, ended)
    starting.add(worker)
    worker.on('message', (message: FromWorker) => gatherer(worker, message))
    const readiness = await readinessOf(worker, limit).finally(() => starting.delete(worker))
    place.worker = worker
    log.info(identity(worker), 'a worker is ready')
    return readiness
  }

  /** A worker has ended that nobody told to: another takes its place. */
  function onLoss(place: Place, details: object): void {
    delete place.worker
    if (closing) return
    log.error(details, 'a worker has ended; another takes its place')
    void refill(place)
  }

  async function refill(place: Place): Promise<void> {
    await after(place.delay.next())
    // a renewal may have filled it meanwhile
    if (closing || place.worker) return
    try {
      await launch(place, longestStart)
    } catch (error) {
      if (closing) return
      if (!places.some(({ worker }) => worker)) return giveUp(error as StartFailure)
      log.error({ err: error }, 'a worker cannot start')
      await refill(place)
    }
  }

  /** Puts a new worker in the place of the one that is there, which takes no more connections after. */
  async function renewPlace(place: Place): Promise<void> {
    const old = place.worker
    await launch(place, longestStart)
    if (old && endings.has(old)) await retire(old)
  }

  async function renewAll(): Promise<void> {
    try {
      for (const place of places) if (!closing) await renewPlace(place)
      log.info({}, 'every worker was replaced')
    } catch (error) {
      if (!closing) log.error({ err: error }, 'a new worker cannot start; those that run stay')
    }
  }

  async function retire(worker: Worker): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      worker.on('message', (message: FromWorker) => message.say === 'closed' && resolve())
    })
    tell(worker, { do: 'retire' })
    await Promise.race([closed, endings.get(worker)])
    tell(worker, { do: 'leave' })
  }

  return {
    async open() {
      const [readiness] = await Promise.all(places.map((place) => launch(place)))
      if (!readiness) throw new Error('there are no places')
      return readiness
    },

    async renew() {
      renewAgain = renewing !== undefined
      if (renewing) return renewing
      do {
        renewAgain = false
        renewing = renewAll()
        await renewing
      } while (renewAgain && !closing)
      renewing = undefined
    },

    async close() {
      closing = true
      const all = [...endings.values()]
      for (const worker of endings.keys()) {
        // who only starts has nothing to finish
        if (starting.has(worker)) worker.process.kill('SIGKILL')
        else tell(worker, { do: 'stop' })
      }
      return (await Promise.all(all)).every(Boolean)
    },

    async kill() {
      closing = true
      const all = [...endings.values()]
      for (const worker of endings.keys()) worker.process.kill('SIGKILL')
      await Promise.all(all)
    },
  }
}

const identity = ({ id, process: { pid } }: Worker) => ({ worker: id, worker_pid: pid })

function tell(worker: Worker, order: FromParent): void {
  // one that is ending hears nothing, and says nothing of it
  if (worker.isConnected()) worker.send(order, () => {})
}
