import redis from '@fastify/redis'
import fp from 'fastify-plugin'
import { Redis } from 'ioredis'

/** A command that is not answered in this time fails, in ms. */
const COMMAND_TIMEOUT = 2000

/** A server that cannot be reached in this time at the start stops the start, in ms. */
const BOOT_TIMEOUT = 5000

/** `app.redis`: the connection that `REDIS_URL` names. It reconnects by itself; while it is away, commands fail at once. */
export default fp<{ url: string }>(
  async (app, { url }) => {
    const client = new Redis(url, {
      connectTimeout: BOOT_TIMEOUT,
      commandTimeout: COMMAND_TIMEOUT,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      retryStrategy: (attempt: number) => Math.min(attempt * 100, 2000),
    })
    // a server that is away has nothing to say goodbye to
    app.addHook('onClose', async () => {
      await client.quit().catch(() => client.disconnect())
    })
    await reach(client, new URL(url).host)
    client.on('error', (error) => app.log.warn({ error: error.message }, 'Redis does not answer'))
    // the plugin's own connecting waits for longer than a start may take, and then does not say why
    await app.register(redis, { client })
  },
  { name: 'redis' },
)

/** Waits for a server that may be starting too; one that answers with a refusal is not waited for. */
async function reach(client: Redis, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let cause: Error | undefined
  client.once('ready', resolve)
  client.on('error', (error) => {
    cause = error
    if (error.name === 'ReplyError') reject()
  })
  const timer = setTimeout(reject, BOOT_TIMEOUT)
  try {
    await promise
    await client.ping()
  } catch {
    throw new Error(`Redis at ${host} does not answer${cause ? `: ${cause.message}` : ''}`, { cause })
  } finally {
    clearTimeout(timer)
  }
}
