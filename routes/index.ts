import type { FastifyPluginAsync, RouteOptions } from 'fastify'
import { addProblems } from './contract.ts'
import document from './document.ts'
import health from './health.ts'
import account from './v1/account/index.ts'
import admin from './v1/admin/index.ts'
import publicRoutes from './v1/public/index.ts'
import wellKnown from './well-known.ts'

/** Everything that the world may ask. */
const routes: FastifyPluginAsync<{ version: string }> = async (app, { version }) => {
  app.addHook('onRoute', describeFailures)
  await app.register(health, { version })
  await app.register(wellKnown)
  await app.register(document)
  await app.register(v1, { prefix: '/api/v1' })
}

const v1: FastifyPluginAsync = async (app) => {
  // tokens and personal data belong in no cache
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store')
    done()
  })
  await app.register(publicRoutes)
  await app.register(account)
  await app.register(admin)
}

/** What can go wrong with any route follows from its shape. */
function describeFailures({ schema, method }: RouteOptions): void {
  if (!schema || schema.hide || method === 'HEAD') return
  const responses = (schema.response ?? {}) as Record<number, unknown>
  if (schema.body)
    addProblems(responses, ['malformed_json', 'validation_failed', 'body_too_large', 'media_type_unsupported'])
  else if (schema.params || schema.querystring) addProblems(responses, ['validation_failed'])
  addProblems(responses, ['bad_request', 'request_timeout', 'headers_too_large', 'internal_error', 'unavailable'])
  schema.response = responses
}

export default routes
