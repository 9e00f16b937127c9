/** How many calls a caller has made, by class. */
import type { Deps } from '../deps.ts'
import { createWindows } from '../ephemeral/local.ts'
import { canonicalAddress, networksOf } from '../passwords/network.ts'
import { BoundedMap } from '../tokens/bounded-map.ts'
import { CLASSES, type LimitClass } from './classes.ts'

/** Of how many callers this node knows the calls of one class; when there are more, the oldest begin anew. */
const REMEMBERED = 50_000

/**
 * So many times the limit of one network may come from the wider ones that it is in: from an IPv6 network of 64 bits once,
 * from 56 bits twice, from 48 bits four times. A home has one of these, and an attacker may have 65 536 of the first.
 */
export const SHARES = [1, 2, 4] as const

/** Whom an address stands for; all that have none are one caller. */
export function callerAt(ip: string | undefined): string {
  return canonicalAddress(ip) ?? 'unknown'
}

/** How many calls there were in the window, this one included, and how long it still is, in ms. */
export interface Calls {
  count: number
  left: number
}

export interface Limiter {
  /**
   * Counts one more call of an account or an address, and of the networks that the address is in. What is told is of the one
   * that is nearest to its limit, in parts of the limit of one. Without a promise where this node counts by itself.
   */
  count(caller: string): Calls | Promise<Calls>
}

/** Makes the limiter of one class. */
export function createLimiter(deps: Pick<Deps, 'config' | 'elapsed' | 'ephemeral' | 'now'>, name: LimitClass): Limiter {
  return CLASSES[name].shared ? createShared(deps, name) : createLocal(deps, name)
}

function createLocal({ config, elapsed }: Pick<Deps, 'config' | 'elapsed'>, name: LimitClass): Limiter {
  const { most, window } = config.rate_limits[name]
  const windows = createWindows<string>(REMEMBERED)
  return {
    count(caller) {
      const at = elapsed()
      let worst = NO_CALLS
      for (const [level, network] of networksOf(caller).entries()) {
        const { count, ends } = windows.count(network, window, at)
        worst = nearer(worst, { count, left: ends - at }, level)
        // what is refused for one network is not counted against its neighbours
        if (worst.count > most) break
      }
      return worst
    },
  }
}

function createShared(deps: Pick<Deps, 'config' | 'elapsed' | 'ephemeral' | 'now'>, name: LimitClass): Limiter {
  const { most, window } = deps.config.rate_limits[name]
  // who is over the limit stays so to the end of the window, and costs the store nothing more
  const over = new BoundedMap<string, { until: number }>(REMEMBERED)

  async function countAll(networks: readonly string[]): Promise<Calls> {
    let worst = NO_CALLS
    for (const [level, network] of networks.entries()) {
      const { count, resets_at } = await deps.ephemeral.count(`calls:${name}:${network}`, window)
      worst = nearer(worst, { count, left: resets_at - deps.now() }, level)
      if (worst.count <= most) continue
      over.set(network, { until: deps.elapsed() + worst.left })
      break
    }
    return worst
  }

  return {
    count(caller) {
      const at = deps.elapsed()
      const networks = networksOf(caller)
      const until = Math.max(...networks.map((network) => over.get(network)?.until ?? 0))
      return until > at ? { count: most + 1, left: until - at } : countAll(networks)
    },
  }
}

const NO_CALLS: Calls = { count: 0, left: 0 }

/** Which of two counts is nearer to the limit, the second one of a network of that level. */
function nearer(one: Calls, { count, left }: Calls, level: number): Calls {
  const share = Math.ceil(count / (SHARES[level] ?? 1))
  return share > one.count ? { count: share, left } : one
}
