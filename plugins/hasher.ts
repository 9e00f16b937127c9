import fp from 'fastify-plugin'
import { createHasher } from '../src/passwords/hasher.ts'

/** `app.hasher`: passwords behind their queue. */
export default fp(
  async (app) => {
    const hasher = await createHasher(app.config)
    app.addHook('onClose', () => hasher.close())
    app.decorate('hasher', hasher)
  },
  { name: 'hasher' },
)
