import type { HTTPMethods, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { Failure } from '../src/errors.ts'

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Answers the methods that a known URL does not have with 405 and `Allow` (RFC 9110, section 15.5.6). Registered
 * before the routes, it watches them; `app.refuseOtherMethods()` after them adds the refusals.
 */
export default fp(
  async (app) => {
    const known = new Map<string, Set<HTTPMethods>>()
    let watching = true

    app.addHook('onRoute', ({ url, method }: RouteOptions) => {
      if (!watching || url.includes('*')) return
      const methods = known.get(url) ?? new Set()
      for (const each of [method].flat()) methods.add(each as HTTPMethods)
      known.set(url, methods)
    })

    app.decorate('refuseOtherMethods', () => {
      watching = false
      for (const [url, methods] of known) {
        const allow = METHODS.filter((method) => methods.has(method))
        const others = METHODS.filter((method) => !methods.has(method))
        app.route({
          url,
          method: others,
          schema: { hide: true },
          config: { changes: false },
          handler: async () => {
            throw new Failure('method_not_allowed', { allow })
          },
        })
      }
    })
  },
  { name: 'methods' },
)
