/** How a browser or a client that asked for a message is known again when the link in it is used. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../src/audit/actor.ts'
import type { Config } from '../src/config.ts'
import { digestOfRequest } from '../src/proofs/request-token.ts'
import { senderOf } from './sender.ts'

/** As long as the link that is good for the longest, in s. */
const MAX_AGE = 3 * 86_400

/** The header by which a browser is given one, in the contract. */
export const AskerCookie = {
  'Set-Cookie': { type: 'string', optional: true, description: 'the `request_token`, for browsers to keep' },
} as const

/** Over https, where nobody but this very host can set it: no neighbour makes a browser pass for one that asked. */
const nameOf = ({ public_url }: Config) =>
  public_url.startsWith('https:') ? '__Host-latchkey_asked' : 'latchkey_asked'

/** The request token that a browser keeps; it does not count in what another site made the browser send. */
function askedBy(request: Pick<FastifyRequest, 'headers' | 'server'>): string | undefined {
  const { cookie } = request.headers
  if (cookie === undefined || senderOf(request) === 'foreign') return undefined
  const start = `${nameOf(request.server.config)}=`
  return cookie
    .split(/; ?/)
    .find((pair) => pair.startsWith(start))
    ?.slice(start.length)
}

/**
 * Gives a browser the request token of what it has just asked for, which does nothing without the link of the message.
 * Another site cannot have one set in place of the browser's own.
 */
export function handRequestToken({ config }: { config: Config }, reply: FastifyReply, token: string): void {
  if (senderOf(reply.request) === 'foreign') return
  const secure = config.public_url.startsWith('https:') ? '; Secure' : ''
  const cookie = `${nameOf(config)}=${token}; Path=/; Max-Age=${MAX_AGE}; HttpOnly; SameSite=Strict${secure}`
  reply.header('set-cookie', cookie)
}

/** The same actor, known by what the browser is about to be given. */
export function actorKnownBy(token: string, actor: Actor): Actor {
  return { ...actor, origin: { ...actor.origin, request: digestOfRequest(token) } }
}

/** What was shown beside the link: by a client in the body, or by a browser. */
export function shownBeside(
  request: FastifyRequest,
  { password, new_password, request_token }: { password?: string; new_password?: string; request_token?: string },
) {
  const presented = request_token ?? askedBy(request)
  return {
    password,
    new_password,
    session: request.session as FastifyRequest['session'] | undefined,
    request: presented && digestOfRequest(presented),
  }
}
