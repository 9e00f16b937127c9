import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { Failure } from '../src/errors.ts'
import { askedBriefly } from '../src/operation/briefly.ts'
import { isAllowed } from '../src/roles/permissions.ts'
import { createSessionStates, isProofOld, type SessionState } from '../src/sessions/states.ts'
import { recallAccessToken, verifyAccessToken } from '../src/tokens/access-token.ts'
import type { RecentProof } from './fastify.ts'

type Admit = (
  session: SessionState,
  request: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction,
) => void

/** `app.states`, `app.authenticate`, `request.session`: who asks, and whether they may. */
export default fp(
  async (app) => {
    app.decorate('states', createSessionStates(app))
    app.decorateRequest('session')
    // not the clock of tests, which stands still
    const isCurrent = askedBriefly(
      () => app.ephemeral.isCurrent(),
      () => performance.now(),
    )

    /**
     * The session of a token that this node has seen before: two look-ups, and the certainty that no news is waiting.
     * Asked last, that covers both, the withdrawal of a key and the end of a session.
     */
    function recall(token: string): SessionState | undefined {
      const claims = recallAccessToken(app, token)
      const state = claims && app.states.recall(claims.sid)
      return state && state.account.uid === claims.sub && isCurrent() ? state : undefined
    }

    async function identify(token: string): Promise<SessionState> {
      try {
        await app.ephemeral.catchUp()
      } catch (cause) {
        return goOn(token, cause)
      }
      const claims = await verifyAccessToken(app, token)
      const remembered = app.states.recall(claims.sid)
      app.counts.sessions[remembered ? 'hits' : 'misses'] += 1
      const state = remembered ?? (await app.states.read(claims.sid))
      if (!state || state.account.uid !== claims.sub) throw new Failure('session_revoked')
      return state
    }

    /** The database cannot be asked: who was known when it last could be is believed for a while. */
    function goOn(token: string, cause: unknown): SessionState {
      const claims = recallAccessToken(app, token)
      const state = claims && app.states.recallAsOf(claims.sid, app.ephemeral.heardAt())
      if (!state || state.account.uid !== claims.sub) throw cause
      return state
    }

    /** @returns why this session may not make this call; undefined where it may */
    function objectionTo(request: FastifyRequest, session: SessionState): Failure | undefined {
      const { permission, recent } = request.routeOptions.config
      if (permission && !isAllowed(session.account.roles, permission)) return new Failure('permission_denied')
      const isTooOld = recent && isSensitive(recent, request) && isProofOld(app, session)
      return isTooOld ? wantProof(app.config) : undefined
    }

    const admit: Admit = (session, request, reply, done) => {
      request.session = session
      const objection = objectionTo(request, session)
      if (objection) app.refuse(objection, request, reply, done)
      else done()
    }

    // in the style of callbacks, so that the usual case costs no promise
    app.decorate('authenticate', (request, reply, done) => {
      const { authorization } = request.headers
      // what was verified before needs no look at its form
      const known = authorization?.startsWith('Bearer ') && recall(authorization.slice('Bearer '.length))
      if (known) {
        app.counts.remembered += 1
        return admit(known, request, reply, done)
      }
      const token = bearerToken(authorization)
      if (token instanceof Failure) return app.refuse(token, request, reply, done)
      identify(token).then(
        (session) => admit(session, request, reply, done),
        (failure) => app.refuse(failure, request, reply, done),
      )
    })
  },
  { name: 'authenticate', dependencies: ['db', 'ephemeral', 'jwt', 'rate-limit'] },
)

/** Whether this call needs a recent proof; its body is not there yet when the guard is first asked. */
function isSensitive(recent: RecentProof, request: FastifyRequest): boolean {
  if (recent === true) return true
  const { body } = request
  return typeof body === 'object' && body !== null && recent.some((member) => Object.hasOwn(body, member))
}

function wantProof({ step_up_age }: Config): Failure {
  const maxAge = Math.floor(step_up_age / 1000)
  const detail = `The last proof must not be older than ${maxAge} s; POST /api/v1/auth/reauthenticate takes a new one.`
  return new Failure('reauthentication_required', { detail, maxAge })
}

/** RFC 6750, section 2.1. A token in the URL would end up in logs, so only the header counts. */
function bearerToken(authorization: string | undefined): string | Failure {
  if (authorization === undefined) return new Failure('token_missing')
  // few spaces: what is remembered of a token is a piece of the header, and keeps all of that
  const token = /^Bearer {1,8}([\w.~+/=-]+)$/i.exec(authorization)?.[1]
  return token ?? new Failure('token_invalid', { detail: 'The Authorization header must be "Bearer <token>".' })
}
