import type { preHandlerAsyncHookHandler } from 'fastify'
import fp from 'fastify-plugin'

/** How many calls that change something begin in one turn of the event loop while others are read for. */
const AT_ONCE = 2

/** So long after the last guarded request there is nobody to give way to, in ms. */
const BUSY = 50

/** A call that has waited for so long waits no longer, in ms: no crowd of readers keeps a revocation from being made. */
const PATIENCE = 100

/** What keeps nobody waiting. */
const READS: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/**
 * Calls that change something give way to guarded ones, which are answered from memory. All requests that have arrived
 * begin in one turn of the event loop, and a write keeps the thread ten times as long as a look at the memory: in a storm
 * of writes each look waited for all of them. While nobody looks nothing is held back, so that writes share their commits.
 */
export default fp(
  async (app) => {
    const { counts } = app
    let waiting: { begin: () => void; since: number }[] = []
    let looksBefore = 0
    let lastLook = Number.NEGATIVE_INFINITY

    function areOthersServed(now: number): boolean {
      // with tokens that are good: who has none is nobody to give way to
      const looks = counts.remembered + counts.tokens.hits
      if (looks !== looksBefore) lastLook = now
      looksBefore = looks
      return now - lastLook < BUSY
    }

    function beginSome(): void {
      const now = performance.now()
      // in their order, so that all before the first patient one have waited long enough
      const patient = waiting.findIndex(({ since }) => now - since < PATIENCE)
      const beginning = waiting
      waiting = areOthersServed(now) && patient >= 0 ? beginning.splice(Math.max(AT_ONCE, patient)) : []
      // what has arrived meanwhile is looked at first
      if (waiting.length > 0) setImmediate(beginSome)
      for (const { begin } of beginning) begin()
    }

    /** A promise, since what follows it runs in the request's own context, and its trace stays its own. */
    const giveWay: preHandlerAsyncHookHandler = () =>
      new Promise<void>((resolve) => {
        waiting.push({ begin: resolve, since: performance.now() })
        // after the phase of the event loop that takes requests from their sockets
        if (waiting.length === 1) setImmediate(beginSome)
      })

    // the last hook before the handler: what is refused before waits for nothing
    app.addHook('onRoute', (route) => {
      const isRead = [route.method].flat().every((method) => READS.includes(method))
      if (!isRead && route.config?.changes !== false) route.preHandler = [...[route.preHandler ?? []].flat(), giveWay]
    })
  },
  { name: 'giving-way' },
)
