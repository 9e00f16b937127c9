import fp from 'fastify-plugin'
import { Redis } from 'ioredis'

/** A command that is not answered in this time fails, in ms. */
const COMMAND_TIMEOUT = 2000

/** A connection that takes longer to be made is tried anew, in ms; so long a start waits for Redis too. */
const CONNECT_TIMEOUT = 2000

/** A connection that owes an answer for so long is given up, in ms: what it waits for may have been dropped on the way. */
const SILENCE = 5000

/**
 * `app.redis`: the connection that `REDIS_URL` names. It reconnects by itself; while it is away, commands fail at once.
 * @throws when Redis refuses us; a server that is away does not keep the service from starting
 */
export default fp<{ url: string }>(
  async (app, { url }) => {
    const client = new Redis(url, {
      connectTimeout: CONNECT_TIMEOUT,
      commandTimeout: COMMAND_TIMEOUT,
      socketTimeout: SILENCE,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      retryStrategy: (attempt: number) => Math.min(attempt * 100, 1000),
    })
    app.decorate('redis', client)
    // a server that is away has nothing to say goodbye to
    app.addHook('onClose', async () => {
      if (client.status === 'ready') await client.quit().catch(() => {})
      client.disconnect()
    })
    // who uses it says so in the log, once and not with each attempt
    client.on('error', () => {})
    await tryToReach(client, new URL(url).host)
  },
  { name: 'redis' },
)

/** Waits until the server is there or has failed to be; one that answers with a refusal was meant otherwise. */
async function tryToReach(client: Redis, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onError = (cause: Error) => {
    if (cause.name !== 'ReplyError') resolve()
    else reject(new Error(`Redis at ${host} refuses: ${cause.message}`, { cause }))
  }
  client.once('ready', resolve)
  client.once('error', onError)
  const timer = setTimeout(resolve, CONNECT_TIMEOUT)
  await promise.finally(() => {
    clearTimeout(timer)
    client.off('ready', resolve)
    client.off('error', onError)
  })
}
