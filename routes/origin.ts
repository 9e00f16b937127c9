import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Origin } from '../src/sessions/session.ts'

/** Where a request comes from; `X-Forwarded-For` counts only as far as `TRUST_PROXY` says. */
export function originOf({ ip, headers, signal }: Pick<FastifyRequest, 'ip' | 'headers' | 'signal'>): Origin {
  // behind proxies that are trusted by their number, the address is whatever somebody wrote
  return { ip: isIP(ip) ? ip : undefined, user_agent: headers['user-agent'], signal }
}
