/** Whose page a browser was on when it sent a request: what another site makes it send must neither use nor set a cookie. */
import type { FastifyRequest } from 'fastify'

/** A page of the service's own, a page of another origin, or no browser that says where it was. */
export type Sender = 'own' | 'foreign' | 'unsaid'

/**
 * Who sent a request that may change something. `Sec-Fetch-Site` decides where it is sent; browsers leave it out on plain
 * http, and send `Origin` with everything but `GET` and `HEAD` (Fetch Metadata; Fetch, section 3.1).
 */
export function senderOf({ headers, server }: Pick<FastifyRequest, 'headers' | 'server'>): Sender {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' ? 'own' : 'foreign'
  if (headers.origin === undefined) return 'unsaid'
  return headers.origin === server.config.public_origin ? 'own' : 'foreign'
}
