import jwt from '@fastify/jwt'
import fp from 'fastify-plugin'
import { createTrail } from '../src/audit/trail.ts'
import { createTokenCache } from '../src/tokens/access-token.ts'
import { openKeyRing } from '../src/tokens/key-ring.ts'
import { resolveKeys, trailKeys } from '../src/tokens/master-key.ts'

/** How often the keys are read again, in ms: what another node changed is seen at the latest after this. */
const MAINTENANCE = 60_000

/** `app.audit`, `app.keys`, `app.jwt`, `app.tokens`: the key of the audit log, the key ring, the JWT functions over it, and the tokens already verified. */
export default fp(
  async (app) => {
    const derived = resolveKeys(app.config)
    if (derived.created) app.log.warn(`JWT_KEY is not set: made one for development in ${derived.created}`)
    app.decorate(
      'audit',
      createTrail(() => trailKeys(derived)),
    )
    const keys = await openKeyRing(app, derived)
    app.decorate('keys', keys)
    app.decorate('tokens', createTokenCache(app))

    // Each call names the key it means; these two are what @fastify/jwt falls back to.
    await app.register(jwt, {
      secret: { private: async () => keys.current().secret, public: async () => keys.current().verifier },
    })

    const timer = setInterval(() => {
      keys
        .maintain()
        .catch((error: unknown) => app.log.error({ err: error }, 'the signing keys could not be maintained'))
    }, MAINTENANCE).unref()
    app.addHook('onClose', async () => clearInterval(timer))
  },
  { name: 'jwt', dependencies: ['db', 'ephemeral'] },
)
