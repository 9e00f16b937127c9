import fp from 'fastify-plugin'
import type { OpenDatabase } from '../src/db/open.ts'
import { createRedisEphemeral } from '../src/ephemeral/redis.ts'
import { createSqlEphemeral } from '../src/ephemeral/sql.ts'
import redis from './redis.ts'

/** `app.ephemeral`: Redis when it is configured, the service's own database otherwise. */
export default fp<{ database: OpenDatabase }>(
  async (app, { database }) => {
    const url = app.config.redis_url
    if (url) await app.register(redis, { url })
    const store = url
      ? await createRedisEphemeral({ redis: app.redis, now: app.now, log: app.log })
      : await createSqlEphemeral({ ...database, now: app.now })
    app.decorate('ephemeral', store)
    app.addHook('onClose', () => store.close())
  },
  { name: 'ephemeral', dependencies: ['db'] },
)
