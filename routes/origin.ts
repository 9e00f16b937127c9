import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Actor, Origin } from '../src/audit/actor.ts'
import { canonicalAddress } from '../src/passwords/network.ts'
import type { SessionState } from '../src/sessions/states.ts'
import { answerOf, deviceOf } from './device.ts'

/** Where a request comes from; `X-Forwarded-For` counts only as far as `TRUST_PROXY` says. */
export function originOf(request: Pick<FastifyRequest, 'id' | 'ip' | 'headers' | 'raw' | 'server'>): Origin {
  const { id, ip, headers, raw } = request
  return {
    ip: canonicalAddress(ip),
    user_agent: headers['user-agent'],
    request_id: id,
    device: deviceOf(request),
    proof_of_work: answerOf(headers),
    signal: departureOf(raw.socket),
  }
}

/** Who asks, in a guarded route; or `bearer`, where a route has its own way to know. */
export function actorOf(
  request: FastifyRequest,
  bearer: Pick<SessionState, 'account' | 'session_id'> = request.session,
): Actor {
  const { account, session_id } = bearer
  return { uid: account.uid, session_id, origin: originOf(request) }
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
