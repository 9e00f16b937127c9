import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Failure } from '../src/errors.ts'
import { isAllowed } from '../src/roles/permissions.ts'
import { createSessionStates, type SessionState } from '../src/sessions/states.ts'
import { recallAccessToken, verifyAccessToken } from '../src/tokens/access-token.ts'

/** `app.states`, `app.authenticate`, `request.session`: who asks, and whether they may. */
export default fp(
  async (app) => {
    app.decorate('states', createSessionStates(app))
    app.decorateRequest('session')

    /** The living session behind a token. Both look-ups are usually answered from this node's memory. */
    async function identify(token: string): Promise<SessionState> {
      // over the database the news is a look-up away; over Redis nothing but waiting would bring it
      if (app.ephemeral.kind === 'sql' && !app.ephemeral.isCurrent()) await app.ephemeral.catchUp()
      const claims = recallAccessToken(app, token) ?? (await verifyAccessToken(app, token))
      const state = app.states.recall(claims.sid) ?? (await app.states.read(claims.sid))
      if (!state || state.account.uid !== claims.sub) throw new Failure('session_ended')
      return state
    }

    app.decorate('authenticate', async (request) => {
      const session = await identify(bearerToken(request))
      const { permission } = request.routeOptions.config
      if (permission && !isAllowed(session.account.roles, permission)) throw new Failure('permission_denied')
      request.session = session
    })
  },
  { name: 'authenticate', dependencies: ['db', 'ephemeral', 'jwt'] },
)

/** RFC 6750, section 2.1. A token in the URL would end up in logs, so only the header counts. */
function bearerToken({ headers }: FastifyRequest): string {
  const { authorization } = headers
  if (authorization === undefined) throw new Failure('token_missing')
  const token = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization)?.[1]
  if (token === undefined)
    throw new Failure('token_invalid', { detail: 'The Authorization header must be "Bearer <token>".' })
  return token
}
