/** Whether what the database says counts: it takes this node's heartbeats, and no other server does in its place. */
import { inTime } from '../db/in-time.ts'
import type { Db } from '../db/open.ts'
import type { Place } from '../db/place.ts'
import { NO_ANSWER } from '../db/postgres-pool.ts'
import { Failure } from '../errors.ts'
import { createPulse } from './pulse.ts'

/** How often a node commits a heartbeat, in ms. */
const BEAT = 2000

/** Without one for this long, in ms, the server may be one that another has taken the place of. */
export const LONGEST_PULSE = 10_000

/** On SQLite a heartbeat is a trial whether the file can be written: at most one in this time, in ms. */
const TRIAL = 5000
const TRIAL_AGAIN = 1000

/** How long readiness waits for such a trial, in ms; another process may have the file to itself for longer. */
const TRIAL_PATIENCE = 1000

export interface Confirmation {
  /**
   * Makes sure that the server which is at this place took a heartbeat lately.
   * @throws when it did not, and does not now
   */
  confirm(place: Place | undefined): Promise<void>
  /** When the last heartbeat that the database took had begun, in ms of `elapsed()`; -∞ before the first. */
  confirmedAt(): number
  /** @throws when the database takes no writes, as far as this node knows within a second */
  refuseUnwritable(): Promise<void>
  close(): Promise<void>
}

interface Needs {
  db: Db
  now: () => number
  elapsed: () => number
  /** see OpenDatabase */
  stayWith: (timeline: string) => void
  /** whether to commit heartbeats all the time; otherwise only when somebody wants to know */
  isWatched: boolean
}

/** Begins with the heartbeats. */
export function createConfirmation({ db, now, elapsed, stayWith, isWatched }: Needs): Confirmation {
  const pulse = createPulse({ db, now, elapsed })
  let triedAt = Number.NEGATIVE_INFINITY
  let last = Promise.resolve()
  const age = () => elapsed() - pulse.at()

  function beat(): Promise<void> {
    const beaten = pulse.beat()
    last = beaten.catch(() => {})
    return beaten
  }

  /** Tries whether the file can be written, unless that is known. */
  async function tryWriting(): Promise<void> {
    if (age() < TRIAL || elapsed() - triedAt < TRIAL_AGAIN) return
    triedAt = elapsed()
    // what it fails with is known after
    await inTime(beat(), TRIAL_PATIENCE).catch(() => {})
  }

  const timer = isWatched ? setInterval(() => beat().catch(() => {}), BEAT).unref() : undefined

  return {
    confirmedAt: pulse.at,

    async confirm(place) {
      if (!place) return
      const isConfirmed = () => pulse.place()?.timeline === place.timeline
      if (age() >= LONGEST_PULSE || !isConfirmed()) await beat()
      if (isConfirmed()) return
      stayWith(place.timeline)
      throw new Failure('unavailable', { detail: 'Two servers answer at one address.', retryAfter: 5 })
    },

    async refuseUnwritable() {
      if (!isWatched) await tryWriting()
      const refusal = pulse.refusal()
      if (refusal !== undefined) throw refusal
      // a file that another process has locked is written when it is given back
      if (isWatched && age() >= LONGEST_PULSE) throw new Error(NO_ANSWER)
    },

    async close() {
      clearInterval(timer)
      await last
    },
  }
}
