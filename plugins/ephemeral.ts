import fp from 'fastify-plugin'
import { observe } from '../src/counts.ts'
import type { OpenDatabase } from '../src/db/open.ts'
import { measuredStore } from '../src/ephemeral/measured.ts'
import { createRedisEphemeral } from '../src/ephemeral/redis.ts'
import { createSqlEphemeral } from '../src/ephemeral/sql.ts'
import type { Ephemeral } from '../src/ephemeral/store.ts'
import redis from './redis.ts'

/**
 * `app.ephemeral`: Redis when it is configured, the service's own database otherwise. News between nodes goes over the
 * database either way: SQLite tells at every look whether another process has written, while a message over Redis can
 * still be on its way when the answer to a logout is out.
 */
export default fp<{ database: OpenDatabase }>(
  async (app, { database }) => {
    const embedded = await createSqlEphemeral({
      ...database,
      now: app.now,
      // the clocks of two nodes differ a little
      onNews: (age) => observe(app.counts.news, Math.max(0, age)),
    })
    app.addHook('onClose', () => embedded.close())
    const url = app.config.redis_url
    app.decorate('ephemeral', url ? await overRedis(url, embedded) : embedded)

    async function overRedis(url: string, news: Ephemeral): Promise<Ephemeral> {
      await app.register(redis, { url })
      const redisStore = createRedisEphemeral({ redis: app.redis, now: app.now, log: app.log })
      const store = measuredStore(redisStore, app.counts.redis)
      app.addHook('onClose', () => store.close())
      const { publish, subscribe, isCurrent, catchUp } = news
      return { ...store, publish, subscribe, isCurrent, catchUp }
    }
  },
  { name: 'ephemeral', dependencies: ['db'] },
)
