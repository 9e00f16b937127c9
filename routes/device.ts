/** How devices that somebody has signed in from are known again: browsers by a cookie, other clients by a header. */
import type { IncomingHttpHeaders } from 'node:http'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../src/config.ts'
import { joinTokens } from '../src/devices/token.ts'
import { senderOf } from './sender.ts'

/** Over https, where nobody but this very host can set a cookie of such a name (RFC 6265bis, section 4.1.3.2). */
const SECURE_COOKIE = '__Host-latchkey_device'
/** Over http; and over https before 0.2.0: devices go on being known by it */
const PLAIN_COOKIE = 'latchkey_device'

/** The longest that browsers keep one, in s; a device is forgotten by the service before. */
const MAX_AGE = 400 * 86_400

/** The header, in the contract. */
export const DeviceHeaders = Type.Object({
  'x-device-token': Type.Optional(
    Type.String({
      maxLength: 128,
      description: 'the `device_token` of an earlier sign-in; browsers have a cookie',
      example: 'lkd_gmm4tEmhjfVtqYz0oYPmTWzZmBvsFDiLV_zvPyiO4wU',
    }),
  ),
})

/** The answer to a challenge, for calls that may ask for one. */
export const ChallengeHeaders = Type.Object({
  'x-proof-of-work': Type.Optional(
    Type.String({
      maxLength: 1024,
      description: 'the answer to `GET /auth/challenge`, after `challenge_required`',
      example: 'eyJhbGdvcml0aG0iOiJQQktERjIvU0hBLTI1NiJ9',
    }),
  ),
})

/** The header by which a browser is given one, in the contract. */
export const DeviceCookie = {
  'Set-Cookie': { type: 'string', optional: true, description: 'what a browser is known by from now on' },
} as const

/** Both, for logins by password. */
export const LoginHeaders = Type.Object({ ...DeviceHeaders.properties, ...ChallengeHeaders.properties })

/** The answer that a request brings. */
export function answerOf({ 'x-proof-of-work': header }: IncomingHttpHeaders): string | undefined {
  return typeof header === 'string' ? header : undefined
}

/** What a request says of its device; a cookie does not count in what another site made a browser send. */
export function deviceOf(request: Pick<FastifyRequest, 'headers' | 'server'>): string | undefined {
  const { cookie, 'x-device-token': header } = request.headers
  if (typeof header === 'string') return header
  if (cookie === undefined || senderOf(request) === 'foreign') return undefined
  return cookieNamed(SECURE_COOKIE, cookie) ?? cookieNamed(PLAIN_COOKIE, cookie)
}

/**
 * Gives a browser what its device is known by from now on; it lets nobody in by itself. A browser that others use keeps what
 * they know it by as well. Another site cannot have one set in place of the browser's own.
 */
export function handDevice({ config }: { config: Config }, reply: FastifyReply, token: string | undefined): void {
  if (token === undefined || senderOf(reply.request) === 'foreign') return
  const isSecure = config.public_url.startsWith('https:')
  const name = isSecure ? SECURE_COOKIE : PLAIN_COOKIE
  const attributes = `Path=/; Max-Age=${MAX_AGE}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
  reply.header('set-cookie', `${name}=${joinTokens(token, deviceOf(reply.request))}; ${attributes}`)
}

const cookieNamed = (name: string, cookie: string) => new RegExp(`(?:^|; ?)${name}=([\\w.-]+)`).exec(cookie)?.[1]
