/** Counters of this process alone. */
import { BoundedMap } from '../tokens/bounded-map.ts'
import type { Counters } from './store.ts'
import { joinTries, judgeTry, NONE, type Tries } from './tries.ts'

/** Of how many keys the windows are remembered; when there are more, the oldest begin anew. */
const REMEMBERED = 100_000

/** How many events there have been, and when the window closes, in ms of `elapsed()`. */
export interface Window {
  count: number
  ends: number
}

/** Windows by key, without a promise. */
export interface Windows<K> {
  /** Counts so many more events under `key` at the moment `at`; a window of `length` ms opens with the first. */
  count(key: K, length: number, at: number, by?: number): Window
}

/**
 * Makes windows that begin at nothing.
 * @param remembered of how many keys
 */
export function createWindows<K>(remembered = REMEMBERED): Windows<K> {
  const windows = new BoundedMap<K, Window>(remembered)
  return {
    count(key, length, at, by = 1) {
      const known = windows.get(key)
      const current = known && known.ends > at ? known : { count: 0, ends: at + length }
      if (current !== known) {
        // to the end of the queue of those that are forgotten
        windows.delete(key)
        windows.set(key, current)
      }
      current.count += by
      return current
    },
  }
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
}): Pick<Counters, 'count' | 'attempt' | 'forgive' | 'forget'> {
  const windows = createWindows<string>()
  const tries = new BoundedMap<string, Tries>(REMEMBERED)
  return {
    async attempt(tried) {
      const at = now()
      const judged = tried.map(({ key, spacing }) => judgeTry(tries.get(key) ?? NONE, spacing, at))
      const attempt = joinTries(tried, judged)
      if (attempt.refused === undefined)
        for (const [index, { after }] of judged.entries()) tries.set(tried[index]?.key ?? '', after)
      return attempt
    },

    async forgive(tried) {
      for (const { key, spacing } of tried) {
        const known = tries.get(key)
        if (known) known.forgotten -= spacing.memory
      }
    },

    async forget(keys) {
      for (const key of keys) tries.delete(key)
    },

    async count(key, length, by) {
      const at = elapsed()
      const { count, ends } = windows.count(key, length, at, by)
      return { count, resets_at: now() + ends - at }
    },
  }
}
