/** The first wait, and the longest, in ms. */
const FIRST = 100
const LONGEST = 30_000

/** After this long without a loss, in ms, the next one is a first one again. */
const QUIET = 60_000

/**
 * How long to wait before what has crashed is started again: twice as long each time that it does so soon.
 * @param elapsed ms on a clock that never jumps
 */
export function backoff(elapsed: () => number = () => performance.now()) {
  let losses = 0
  let last = Number.NEGATIVE_INFINITY
  return {
    /** @returns ms */
    next(): number {
      if (elapsed() - last > QUIET) losses = 0
      last = elapsed()
      losses += 1
      return Math.min(FIRST * 2 ** (losses - 1), LONGEST)
    },
  }
}
