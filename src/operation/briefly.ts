/** What is asked again and again, and cannot have changed in a way that those who ask could know of. */

/**
 * How long a `true` counts, in ms: less than an acknowledgement takes to its client, and that client's next request back,
 * through two processes and twice through the kernel. On a busy node some requests arrive in that time.
 */
const BRIEFLY = 0.1

/**
 * Shares one `true` of `ask` for a tenth of a millisecond; `false` is never shared.
 * @param elapsed a clock that is never set, in ms
 */
export function askedBriefly(ask: () => boolean, elapsed: () => number): () => boolean {
  let until = Number.NEGATIVE_INFINITY
  return () => {
    const at = elapsed()
    if (at < until) return true
    if (!ask()) return false
    // counted from before the question: what it saw is no younger
    until = at + BRIEFLY
    return true
  }
}
