/** When the refusal of a password leaves: at a time that tells nothing of the hash it was checked by. */
import { setTimeout as after, setImmediate as nextTurn } from 'node:timers/promises'
import { Failure } from '../errors.ts'
import type { Claimant } from './admission.ts'
import { canonicalAddress, networksOf } from './network.ts'

/** The longest floor, which also holds until something is known of what checks cost; in ms. */
export const LONGEST_FLOOR = 1000

/** The dearest check that an import allows: as much below the longest floor as a machine is slower at times; in ms. */
export const DEAREST_CHECK = 800

/** Below this the timers of the machine are no floor, in ms. */
const SHORTEST_FLOOR = 10

/** So many times what the dearest check takes undisturbed: all cores at once, and others on the machine, slow it down. */
const ROOM = 2

/**
 * A machine that is slower than it was raises the floor by a fifth with each check that takes longer, and one that is not
 * lowers it by so little that about one in a hundred still does: an attacker has fewer tries of one name in a day. Checks that take less
 * than half of what the dearest does say nothing of it. In so many ms half of what was raised is gone.
 */
const RAISE = 1.2
const LOWER = 0.998
const TELLING = 0.5
const HALF_LIFE = 600_000

/** So many refusals may wait for an address and for the networks it is in, by `networksOf`; who comes then is not checked. */
const MOST_WAITING = [64, 128, 256] as const

/** A client that was turned away may try again after this, in s. */
const RETRY_AFTER = 2

/** Resolves after so many ms, and earlier when the client has gone. */
export type Wait = (ms: number, signal: AbortSignal | undefined) => Promise<void>

/** A timer of the machine may ring this much late, in ms. */
const TIMER_LATE = 1

/**
 * Waits by a timer of the machine for whole milliseconds, and turn by turn for the rest. A timer alone is late by what is
 * missing to a whole millisecond, which follows from how long the check took: many samples would tell one hash from another.
 */
export const waitByTimer: Wait = async (ms, signal) => {
  const end = performance.now() + ms
  const options = signal && { signal }
  for (let left = ms; left > 0 && !signal?.aborted; left = end - performance.now())
    await (left > TIMER_LATE + 1
      ? after(Math.floor(left) - TIMER_LATE, undefined, options)
      : nextTurn(undefined, options)
    ).catch(() => {})
}

export interface Floor {
  /** What refusals are held back to, in ms. */
  current(): number
  /** Notes what a check takes undisturbed that may be asked for, in ms. */
  cover(cost: number): void
  /** Notes what a check took, in ms. */
  observe(took: number): void
  /** Before anything is checked. @throws Failure overloaded when too many refusals wait for the caller's network */
  admit(from: Claimant): void
  /**
   * Holds a refusal back until a whole number of `span` has passed: one, unless the check took longer.
   * @param took how long that was, in ms
   */
  hold(from: Claimant, took: number, span: number): Promise<void>
  /** How many refusals wait. */
  waiting(): number
}

/**
 * Makes the floor of this process.
 * @param elapsed ms on a clock that never jumps
 */
export function createFloor(elapsed: () => number, wait: Wait): Floor {
  const tally = createTally()
  let waiting = 0
  let dearest: number | undefined
  /** what the machine's slowness has raised the floor to, and when that was */
  let raised = 0
  let raisedAt = 0

  function current(): number {
    if (dearest === undefined) return LONGEST_FLOOR
    const left = raised * 0.5 ** ((elapsed() - raisedAt) / HALF_LIFE)
    return Math.min(LONGEST_FLOOR, Math.max(ROOM * dearest, left, SHORTEST_FLOOR))
  }

  return {
    current,
    cover(cost) {
      dearest = Math.max(dearest ?? 0, cost)
    },
    observe(took) {
      if (dearest === undefined || took < TELLING * dearest) return
      const floor = current()
      raised = floor * (took > floor ? RAISE : LOWER)
      raisedAt = elapsed()
    },
    admit({ ip }) {
      const isFull = networksOf(callerOf(ip)).some((network, width) => tally.count(network) >= mostOf(width))
      if (isFull) throw new Failure('overloaded', { retryAfter: RETRY_AFTER })
    },
    async hold({ ip, signal }, took, span) {
      const networks = networksOf(callerOf(ip))
      waiting += 1
      for (const network of networks) tally.add(network, 1)
      try {
        await wait(span * Math.max(1, Math.ceil(took / span)) - took, signal)
      } finally {
        waiting -= 1
        for (const network of networks) tally.add(network, -1)
      }
    },
    waiting: () => waiting,
  }
}

/** All that have no address are one caller. */
const callerOf = (ip: string | undefined) => canonicalAddress(ip) ?? 'unknown'

const mostOf = (width: number) => MOST_WAITING[width] ?? MOST_WAITING[0]

/** Counts by name; a name at nought is forgotten. */
function createTally() {
  const counts = new Map<string, number>()
  return {
    count: (name: string) => counts.get(name) ?? 0,
    add(name: string, change: 1 | -1) {
      const count = (counts.get(name) ?? 0) + change
      if (count > 0) counts.set(name, count)
      else counts.delete(name)
    },
  }
}
