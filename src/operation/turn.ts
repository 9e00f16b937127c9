/** One turn of the event loop: what is asked again and again within it and cannot have changed for those who ask. */
import { Socket } from 'node:net'

/**
 * Shares one `true` of `ask` between the connections whose data arrived together. libuv learns which sockets can be
 * read, then hands them out one by one; whoever is among them had been sent before the first of them was handed out, so
 * an answer of that moment is as good as a later one. A `true` is never shared with a connection that had its answer in
 * this turn: what it sent next (RFC 9112, section 9.3.2) may be younger than that.
 * @returns `ask` for a request that came over `connection`
 */
export function oncePerTurn(ask: () => boolean): (connection: object) => boolean {
  const served = new Set<object>()
  const endTurn = () => served.clear()

  return (connection) => {
    if (served.size > 0 && !served.has(connection)) {
      served.add(connection)
      return true
    }
    if (!ask()) return false
    // a request that was injected came over no wire: nobody knows what was sent before what
    if (!(connection instanceof Socket)) return true
    if (served.size === 0) setImmediate(endTurn)
    served.add(connection)
    return true
  }
}
