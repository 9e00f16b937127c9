import fp from 'fastify-plugin'
import { createHasher } from '../src/passwords/hasher.ts'

/** `app.hasher`: passwords behind their queue. */
export default fp<{ ahead: number }>(
  async (app, { ahead }) => {
    const hasher = await createHasher(app.config, ahead)
    app.addHook('onClose', () => hasher.close())
    app.decorate('hasher', hasher)
  },
  { name: 'hasher' },
)
