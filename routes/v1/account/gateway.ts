import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { nothing } from '../../contract.ts'

const HEADERS = {
  'X-Auth-Subject': { type: 'string', description: 'the account’s `id`' },
  'X-Auth-Session': { type: 'string', description: 'the session’s `id`' },
  'X-Auth-Roles': { type: 'string', description: 'the account’s roles, comma-separated' },
} as const

/** For a reverse proxy that asks before it forwards: nginx `auth_request`, Traefik `forwardAuth`, Envoy `ext_authz`. */
const gateway: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'GET',
    url: '/auth/verify',
    schema: {
      operationId: 'verify',
      summary: 'Whether an access token holds, and whose it is',
      description: 'Answers with headers alone, for a reverse proxy to copy into the request that it forwards.',
      tags: ['Gateway'],
      response: { 204: nothing('It holds', HEADERS) },
    },
    handler: async ({ session }, reply) => {
      const { account, session_id } = session
      return reply
        .code(204)
        .headers({
          'x-auth-subject': account.uid,
          'x-auth-session': session_id,
          'x-auth-roles': account.roles.join(','),
        })
        .send(null)
    },
  })
}

export default gateway
