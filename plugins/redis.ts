import redis from '@fastify/redis'
import fp from 'fastify-plugin'

/** A command that is not answered in this time fails, in ms. */
const COMMAND_TIMEOUT = 2000

/** A server that cannot be reached in this time at the start stops the start, in ms. */
const BOOT_TIMEOUT = 5000

/** `app.redis`: the connection that `REDIS_URL` names. It reconnects by itself; while it is away, commands fail at once. */
export default fp<{ url: string }>(
  async (app, { url }) => {
    await app.register(redis, {
      url,
      connectTimeout: BOOT_TIMEOUT,
      commandTimeout: COMMAND_TIMEOUT,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      retryStrategy: (attempt: number) => Math.min(attempt * 100, 2000),
    })
    app.redis.on('error', (error) => app.log.warn({ error: error.message }, 'Redis does not answer'))
    // without this a client that gave up would pass as ready
    await app.redis.ping()
  },
  { name: 'redis' },
)
