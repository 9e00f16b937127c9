import fp from 'fastify-plugin'
import { observe, timed } from '../src/counts.ts'
import type { OpenDatabase } from '../src/db/open.ts'
import { createRedisCounters } from '../src/ephemeral/redis.ts'
import { createSqlEphemeral } from '../src/ephemeral/sql.ts'
import type { Ephemeral } from '../src/ephemeral/store.ts'

/**
 * `app.ephemeral`: the service's own database, with counters in Redis where that is configured. What somebody holds a
 * token of has to outlive Redis; news over it could still be on its way when the answer to a logout is out.
 */
export default fp<{ database: OpenDatabase }>(
  async (app, { database }) => {
    const embedded = await createSqlEphemeral({
      ...database,
      now: app.now,
      elapsed: app.elapsed,
      // the clocks of two nodes differ a little
      onNews: (age) => observe(app.counts.news, Math.max(0, age)),
    })
    app.addHook('onClose', () => embedded.close())
    const url = app.config.redis_url
    app.decorate('ephemeral', url ? await countingInRedis(url) : embedded)

    async function countingInRedis(url: string): Promise<Ephemeral> {
      // most services have none, and their start should not load it
      await app.register(import('./redis.ts'), { url })
      const { close, ...counters } = await createRedisCounters(app)
      app.addHook('onClose', async () => close())
      const inTime = <T>(command: () => Promise<T>) => timed(app.counts.redis, command)
      return {
        ...embedded,
        ...counters,
        count: (key, window, by) => inTime(() => counters.count(key, window, by)),
        attempt: (tried) => inTime(() => counters.attempt(tried)),
        forgive: (tried) => inTime(() => counters.forgive(tried)),
      }
    }
  },
  { name: 'ephemeral', dependencies: ['db'] },
)
