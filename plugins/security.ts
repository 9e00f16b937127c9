import type { IncomingMessage, ServerResponse } from 'node:http'
import cors, { type FastifyCorsOptions, type FastifyCorsOptionsDelegateCallback } from '@fastify/cors'
import fp from 'fastify-plugin'
import helmet from 'helmet'

/** Security headers on every answer, and browsers of other origins only where the configuration names them. */
export default fp(
  async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      reply.headers(SECURITY_HEADERS).header('x-request-id', request.id)
      done()
    })
    const { cors_origins } = app.config
    if (cors_origins.length === 0) return
    const options: FastifyCorsOptions = {
      origin: [...cors_origins],
      methods: ['GET', 'POST', 'PUT', 'DELETE'],
      allowedHeaders: ['authorization', 'content-type', 'x-device-token', 'x-proof-of-work', 'x-request-id'],
      exposedHeaders: ['x-request-id', 'retry-after', 'ratelimit', 'ratelimit-policy', 'www-authenticate'],
      maxAge: 600,
      // without this an OPTIONS that is no preflight gets an answer in the plugin's own words
      strictPreflight: false,
    }
    const others = { ...options, preflight: false }
    // an OPTIONS that is no preflight goes on to its route, where it is refused like any other method
    const delegator: FastifyCorsOptionsDelegateCallback = (request, choose) =>
      choose(null, request.headers['access-control-request-method'] === undefined ? others : options)
    await app.register(cors, { delegator })
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
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], frameAncestors: ["'none'"] },
    },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    xDownloadOptions: false,
    xDnsPrefetchControl: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    originAgentCluster: false,
    crossOriginOpenerPolicy: false,
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

/** What every answer carries, for those that no hook reaches. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = securityHeaders()
