/** Work that nobody waits for, done when the answer is out, so that the answer does not take longer for it. */
import type { Log } from '../deps.ts'

/** Long enough for the answer to be on its way, in ms. */
const PAUSE = 50

export interface Later {
  /** Does the work soon; what fails is logged. */
  later(work: () => Promise<void>): void
  /** Does at once what has not begun, and resolves when everything has ended. */
  settle(): Promise<void>
}

/** Makes a list of work to be done. */
export function createLater(log: Log): Later {
  const waiting = new Map<NodeJS.Timeout, () => Promise<void>>()
  const running = new Set<Promise<void>>()

  function begin(work: () => Promise<void>): void {
    const ending = work()
      .catch((err: unknown) => log.error({ err }, 'work after an answer failed'))
      .finally(() => running.delete(ending))
    running.add(ending)
  }

  return {
    later(work) {
      const timer = setTimeout(() => {
        waiting.delete(timer)
        begin(work)
      }, PAUSE)
      waiting.set(timer, work)
    },

    async settle() {
      for (const [timer, work] of waiting) {
        clearTimeout(timer)
        begin(work)
      }
      waiting.clear()
      while (running.size > 0) await Promise.all(running)
    },
  }
}
