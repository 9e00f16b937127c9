/** Counters of this process alone. */
import { BoundedMap } from '../tokens/bounded-map.ts'
import type { Counters } from './store.ts'

/** Of how many keys the windows are remembered; when there are more, the oldest begin anew. */
const REMEMBERED = 100_000

interface Window {
  count: number
  /** ms of `elapsed()` */
  ends: number
}

/**
 * Makes counters that begin at nothing and tell nobody.
 * @param elapsed ms on a clock that never jumps
 */
export function createLocalCounters({
  now,
  elapsed,
}: {
  now: () => number
  elapsed: () => number
}): Pick<Counters, 'count'> {
  const windows = new BoundedMap<string, Window>(REMEMBERED)
  return {
    async count(key, window) {
      const at = elapsed()
      const known = windows.get(key)
      const current = known && known.ends > at ? known : { count: 0, ends: at + window }
      if (current !== known) {
        // to the end of the queue of those that are forgotten
        windows.delete(key)
        windows.set(key, current)
      }
      current.count += 1
      return { count: current.count, resets_at: now() + current.ends - at }
    },
  }
}
