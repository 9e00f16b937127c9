import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'

/** Security headers on every answer, and browsers of other origins only where the configuration names them. */
export default fp(
  async (app) => {
    await app.register(helmet, {
      // an API has no page; the documentation pages set a policy of their own
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
      crossOriginResourcePolicy: { policy: 'same-origin' },
      referrerPolicy: { policy: 'no-referrer' },
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
    app.addHook('onRequest', async (request, reply) => {
      reply.header('x-request-id', request.id)
    })
  },
  { name: 'security' },
)
