/** One time for all nodes: that of the database they share. */
import type { Log } from '../deps.ts'

/** Clocks that are no further apart than this, in ms, count as the same: answers take time too. */
const APART = 1000

export interface SharedClock {
  /** epoch ms */
  now(): number
  /**
   * Holds this machine's clock against another one. An answer that is no time counts for nothing.
   * @param ask tells that one's time, epoch ms
   */
  compare(ask: () => Promise<number>): Promise<void>
}

interface Needs {
  /** this machine's clock, epoch ms */
  machine: () => number
  elapsed: () => number
  log: Pick<Log, 'warn'>
}

/** Makes a clock that goes as this machine's does until it is found to be wrong. */
export function createSharedClock({ machine, elapsed, log }: Needs): SharedClock {
  let ahead = 0
  return {
    now: () => machine() - ahead,

    async compare(ask) {
      const begun = elapsed()
      const theirs = await ask()
      const took = elapsed() - begun
      // no time at all would count from then on
      if (!Number.isFinite(theirs)) return
      // somewhere in between they looked at their clock
      const measured = Math.round(machine() - took / 2 - theirs)
      if (took > APART || Math.abs(measured - ahead) < APART) return
      ahead = Math.abs(measured) < APART ? 0 : measured
      log.warn(
        { ahead_ms: measured },
        'the clock of this machine was set, or is not that of the database, which counts',
      )
    },
  }
}
