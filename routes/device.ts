/** How devices that somebody has signed in from are known again: browsers by a cookie, other clients by a header. */
import type { IncomingHttpHeaders } from 'node:http'
import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import type { Config } from '../src/config.ts'

const COOKIE = 'latchkey_device'

/** The longest that browsers keep one, in s; a device is forgotten by the service before. */
const MAX_AGE = 400 * 86_400

/** The header, in the contract. */
export const DeviceHeaders = Type.Object({
  'x-device-token': Type.Optional(
    Type.String({ maxLength: 128, description: 'the `device_token` of an earlier sign-in; browsers have a cookie' }),
  ),
})

/** The same and the answer to a challenge, for logins by password. */
export const LoginHeaders = Type.Object({
  ...DeviceHeaders.properties,
  'x-proof-of-work': Type.Optional(
    Type.String({ maxLength: 1024, description: 'the answer to `GET /auth/challenge`, after `challenge_required`' }),
  ),
})

/** The answer that a request brings. */
export function answerOf({ 'x-proof-of-work': header }: IncomingHttpHeaders): string | undefined {
  return typeof header === 'string' ? header : undefined
}

/** What a request says of its device. */
export function deviceOf({ cookie, 'x-device-token': header }: IncomingHttpHeaders): string | undefined {
  if (typeof header === 'string') return header
  return cookie && /(?:^|; ?)latchkey_device=([\w-]+)/.exec(cookie)?.[1]
}

/** Gives a browser what its device is known by from now on; it lets nobody in by itself. */
export function handDevice({ config }: { config: Config }, reply: FastifyReply, token: string | undefined): void {
  if (token === undefined) return
  const secure = config.public_url.startsWith('https:') ? '; Secure' : ''
  reply.header('set-cookie', `${COOKIE}=${token}; Path=/; Max-Age=${MAX_AGE}; HttpOnly; SameSite=Lax${secure}`)
}
