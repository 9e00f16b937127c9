import redis, { type FastifyRedis } from '@fastify/redis'
import fp from 'fastify-plugin'
import type { Redis } from 'ioredis'
import { CONNECT_TIMEOUT, openRedis, type RedisClient } from '../src/ephemeral/redis-client.ts'
import { shownRedis } from '../src/operation/redis-url.ts'

/**
 * `app.redis`: the client of what `REDIS_URL` names. It connects anew by itself; while Redis is away, commands fail.
 * @throws when Redis refuses us; a server that is away does not keep the service from starting
 */
export default fp<{ url: string }>(
  async (app, { url }) => {
    const client = openRedis(url)
    // a server that is away has nothing to say goodbye to
    app.addHook('onClose', async () => {
      if (client.status === 'ready') await client.quit().catch(() => {})
      client.disconnect()
    })
    // who uses it says so in the log, once and not with each attempt
    client.on('error', () => {})
    await tryToReach(client, shownRedis(url))
    // the plugin waits for a server that is away, and then keeps the service from starting
    if (client.status === 'ready') await app.register(redis, { client: client as Redis })
    else app.decorate('redis', client as unknown as FastifyRedis)
  },
  { name: 'redis' },
)

/** Waits until the server is there or has failed to be; one that answers with a refusal was meant otherwise. */
async function tryToReach(client: RedisClient, where: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onError = (error: Error & { lastNodeError?: Error }) => {
    // a cluster tells of its last node
    const cause = error.lastNodeError ?? error
    if (cause.name !== 'ReplyError') resolve()
    else reject(new Error(`Redis at ${where} refuses: ${cause.message}`, { cause }))
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
