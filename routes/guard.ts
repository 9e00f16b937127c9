/** Who may call the routes of a folder, in the code and in the contract, said once. */
import type { FastifyContextConfig, FastifyInstance, onRequestHookHandler, RouteOptions } from 'fastify'
import { Failure } from '../src/errors.ts'
import { isOn, needsOf } from '../src/features.ts'
import type { LimitClass } from '../src/throttling/classes.ts'
import { addProblems } from './contract.ts'

type Schema = NonNullable<RouteOptions['schema']>
type RouteConfig = Pick<FastifyContextConfig, 'permission' | 'recent'>

/** The routes of this scope need no token. */
export function openToAll(app: FastifyInstance): void {
  app.addHook('onRoute', ({ schema }) => {
    if (schema) schema.security ??= []
  })
}

/** The guard for routes that are open to all, where who sends a token is known by it. */
export function knowWhoAsks(app: FastifyInstance): onRequestHookHandler {
  return (request, reply, done) => {
    if (request.headers.authorization === undefined) done()
    else app.authenticate(request, reply, done)
  }
}

/** How such a route is described. */
export const OPEN_OR_SIGNED_IN = [{}, { bearer: [] }]

/** The routes of this scope need a living session, and each the permission that its `config` names. */
export function signedInOnly(app: FastifyInstance): void {
  requireSession(app)
  countAs(app, readOrWrite)
  app.addHook('onRoute', ({ schema, config, method }) => {
    // a HEAD route shares the schema of its GET, which is described once
    if (!schema || method === 'HEAD') return
    schema.security = [{ bearer: [] }]
    describe(schema, config ?? {})
  })
}

/** Which calls the routes of this scope count among, where they do not say so themselves. */
export function countAs(
  app: FastifyInstance,
  limit: LimitClass | ((method: RouteOptions['method']) => LimitClass),
): void {
  app.addHook('onRoute', (route) => {
    const name = typeof limit === 'string' ? limit : limit(route.method)
    route.config = { ...route.config, limit: route.config?.limit ?? name }
  })
}

/** What people ask about themselves, and what they change. */
const readOrWrite = (method: RouteOptions['method']) => (method === 'GET' || method === 'HEAD' ? 'read' : 'write')

/** The routes of this scope whose `config` names a feature answer 404 where that is off. */
export function featuresOnly(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const feature = route.config?.feature
    if (!feature || route.method === 'HEAD') return
    if (route.schema) {
      addProblems((route.schema.response ?? {}) as Record<number, unknown>, ['feature_disabled'])
      route.schema.description = `${route.schema.description}\n\nNeeds ${needsOf(feature)}.`
    }
    if (isOn(app.config, feature)) return
    const refuse = async () => {
      throw new Failure('feature_disabled')
    }
    route.onRequest = [...[route.onRequest ?? []].flat(), refuse]
  })
}

/** Tokens and personal data belong in no cache. */
export function keepOutOfCaches(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store')
    done()
  })
}

/** The guard alone, for routes that word its refusals themselves. */
export function requireSession(app: FastifyInstance): void {
  app.addHook('onRequest', app.authenticate)
  // a body may have been long in coming, and the session have ended meanwhile
  app.addHook('preHandler', (request, reply, done) => {
    if (request.body === undefined) done()
    else app.authenticate(request, reply, done)
  })
}

function describe(schema: Schema, { permission, recent }: RouteConfig): void {
  const responses = (schema.response ?? {}) as Record<number, unknown>
  addProblems(responses, ['token_missing', 'token_invalid', 'token_expired', 'session_revoked'])
  if (permission) addProblems(responses, ['permission_denied'])
  if (recent) addProblems(responses, ['reauthentication_required'])
  const needs = [permission && `Needs the permission \`${permission}\`.`, recent && wordProof(recent)]
  schema.description = [schema.description, ...needs].filter(Boolean).join('\n\n')
}

function wordProof(recent: NonNullable<RouteConfig['recent']>): string {
  return `Needs a recent proof of who asks${whenInWords(recent)}: see \`reauthenticate\`.`
}

function whenInWords(recent: NonNullable<RouteConfig['recent']>): string {
  if (recent === true) return ''
  return `, where ${recent.map((member) => `\`${member}\``).join(' or ')} is sent`
}
