import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { nothing } from '../../contract.ts'

const HEADERS = {
  'X-Auth-Subject': { type: 'string', description: 'the account’s `id`' },
  'X-Auth-Session': { type: 'string', description: 'the session’s `id`' },
  'X-Auth-Roles': { type: 'string', description: 'the account’s roles, comma-separated' },
} as const

/**
 * For a reverse proxy that asks before it forwards: nginx `auth_request` and Traefik `forwardAuth` send a GET to the
 * one URL; Envoy `ext_authz` keeps the method and appends the path of the request that it asks about.
 */
const gateway: FastifyPluginAsyncTypebox = async (app) => {
  // the body that a proxy may send along is for others: whatever it is, it says nothing of the token
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(null)
  })

  app.route({
    method: 'GET',
    url: '/auth/verify',
    config: { limit: 'gateway' },
    schema: {
      operationId: 'verifyRequest',
      summary: 'Whether an access token holds, and whose it is',
      description:
        'Answers with headers alone, for a reverse proxy to copy into the request that it forwards. Other methods and ' +
        'paths below this one are answered alike, for proxies that keep those of the request they ask about.',
      tags: ['auth'],
      response: { 204: nothing('It holds', HEADERS) },
    },
    handler: tellWho,
  })

  // the same answer in Envoy's shapes, which a contract by method and path cannot list
  const envoy = {
    config: { limit: 'gateway' as const, changes: false as const },
    schema: { hide: true },
    handler: tellWho,
  }
  app.route({ method: ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], url: '/auth/verify', ...envoy })
  app.route({ method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], url: '/auth/verify/*', ...envoy })
}

/**
 * Without a promise: a gateway asks before each request of its own. Nothing is sent, since Fastify gives `null` a type,
 * and taking that header away again makes writing all of them slow.
 */
function tellWho({ session }: FastifyRequest, reply: FastifyReply): void {
  const { account, session_id } = session
  reply
    .code(204)
    .headers({
      'x-auth-subject': account.uid,
      'x-auth-session': session_id,
      'x-auth-roles': account.roles.join(','),
    })
    .send()
}

export default gateway
