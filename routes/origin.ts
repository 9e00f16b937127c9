import { isIP, type Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Origin } from '../src/sessions/session.ts'

/** Where a request comes from; `X-Forwarded-For` counts only as far as `TRUST_PROXY` says. */
export function originOf({ ip, headers, raw }: Pick<FastifyRequest, 'ip' | 'headers' | 'raw'>): Origin {
  // behind proxies that are trusted by their number, the address is whatever somebody wrote
  return { ip: isIP(ip) ? ip : undefined, user_agent: headers['user-agent'], signal: departureOf(raw.socket) }
}

/** One for each connection, since a listener for each request would stay as long as the connection does. */
const departures = new WeakMap<Socket, AbortSignal>()

/** Aborted when the client hangs up. Fastify's `request.signal` is aborted as soon as a body has been read. */
function departureOf(socket: Socket): AbortSignal {
  const known = departures.get(socket)
  if (known) return known
  const controller = new AbortController()
  socket.once('close', () => controller.abort())
  // its `close` is over
  if (socket.destroyed) controller.abort()
  departures.set(socket, controller.signal)
  return controller.signal
}
