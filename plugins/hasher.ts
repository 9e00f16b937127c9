import fp from 'fastify-plugin'
import { createHasher } from '../src/passwords/hasher.ts'

/** `app.hasher`: argon2id behind its queue. */
export default fp(
  async (app) => {
    app.decorate('hasher', await createHasher(app.config))
  },
  { name: 'hasher' },
)
