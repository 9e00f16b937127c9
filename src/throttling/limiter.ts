/** How many calls a caller has made, by class. */
import { isIP } from 'node:net'
import type { Deps } from '../deps.ts'
import { createWindows } from '../ephemeral/local.ts'
import { networkOf } from '../passwords/network.ts'
import { BoundedMap } from '../tokens/bounded-map.ts'
import { CLASSES, type LimitClass } from './classes.ts'

/** Of how many callers this node knows the calls of one class; when there are more, the oldest begin anew. */
const REMEMBERED = 50_000

/**
 * Whom an address stands for. Behind proxies that are trusted by their number it may be anything that somebody wrote, and
 * a client that has gone has none.
 */
export function callerAt(ip: string | undefined): string {
  return ip !== undefined && isIP(ip) ? networkOf(ip) : 'unknown'
}

/** How many calls there were in the window, this one included, and how long it still is, in ms. */
export interface Calls {
  count: number
  left: number
}

export interface Limiter {
  /** Counts one more call; without a promise where this node counts by itself. */
  count(caller: string): Calls | Promise<Calls>
}

/** Makes the limiter of one class. */
export function createLimiter(deps: Pick<Deps, 'config' | 'elapsed' | 'ephemeral' | 'now'>, name: LimitClass): Limiter {
  const { most, window } = deps.config.rate_limits[name]
  if (!CLASSES[name].shared) {
    const windows = createWindows<string>(REMEMBERED)
    return {
      count(caller) {
        const at = deps.elapsed()
        const { count, ends } = windows.count(caller, window, at)
        return { count, left: ends - at }
      },
    }
  }
  // who is over the limit stays so to the end of the window, and costs the store nothing more
  const over = new BoundedMap<string, { until: number }>(REMEMBERED)
  return {
    count(caller) {
      const at = deps.elapsed()
      const until = over.get(caller)?.until ?? 0
      if (until > at) return { count: most + 1, left: until - at }
      return deps.ephemeral.count(`calls:${name}:${caller}`, window).then(({ count, resets_at }) => {
        const left = resets_at - deps.now()
        if (count > most) over.set(caller, { until: at + left })
        return { count, left }
      })
    },
  }
}
