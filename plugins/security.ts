import type { IncomingMessage, ServerResponse } from 'node:http'
import cors from '@fastify/cors'
import fp from 'fastify-plugin'
import helmet from 'helmet'

/** Security headers on every answer, and browsers of other origins only where the configuration names them. */
export default fp(
  async (app) => {
    const headers = securityHeaders()
    app.addHook('onRequest', (request, reply, done) => {
      reply.headers(headers).header('x-request-id', request.id)
      done()
    })
    const { cors_origins } = app.config
    if (cors_origins.length > 0) {
      await app.register(cors, {
        origin: [...cors_origins],
        methods: ['GET', 'POST', 'PUT', 'DELETE'],
        allowedHeaders: ['authorization', 'content-type', 'x-request-id'],
        exposedHeaders: ['x-request-id', 'retry-after', 'www-authenticate'],
        maxAge: 600,
      })
    }
  },
  { name: 'security' },
)

/**
 * Helmet's headers for an API, asked for once: they never change, and putting them together took a fifth of the time
 * of an authenticated request. Left out are those that only concern pages in browsers long gone.
 */
function securityHeaders(): Record<string, string> {
  const headers: Record<string, string> = {}
  const setHeaders = helmet({
    // an API has no page; the documentation pages set a policy of their own
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    xDownloadOptions: false,
    xDnsPrefetchControl: false,
    xPermittedCrossDomainPolicies: false,
  })
  const response = {
    setHeader(name: string, value: string) {
      headers[name.toLowerCase()] = value
    },
    removeHeader() {},
  }
  setHeaders({} as IncomingMessage, response as unknown as ServerResponse, () => {})
  return headers
}
