/** The store over Redis: one connection for commands, one that listens. */
import type { Redis } from 'ioredis'
import { type Ephemeral, FEED_SILENCE, type Subscriber, Subscriptions } from './store.ts'

/** Everything of ours in Redis begins with this. */
const PREFIX = 'latchkey:'

/** A dead connection is noticed by its silence; a live one is made to speak this often, in ms. */
const HEARTBEAT = 1000

/** Counts, and opens the window with the first event, in one step. */
const COUNT_SCRIPT = `
local count = redis.call('incr', KEYS[1])
if count == 1 then redis.call('pexpire', KEYS[1], ARGV[1]) end
return { count, redis.call('pttl', KEYS[1]) }`

interface Needs {
  redis: Redis
  now: () => number
  log: { warn(details: object, message: string): void }
}

/** Makes the store over an open connection; a second one is opened for listening and closed with the store. */
export async function createRedisEphemeral({ redis, now, log }: Needs): Promise<Ephemeral> {
  const subscriptions = new Subscriptions()
  const listener = redis.duplicate({
    lazyConnect: false,
    enableOfflineQueue: true,
    autoResubscribe: false,
    maxRetriesPerRequest: null,
  })
  let lastHeard = Number.NEGATIVE_INFINITY
  const heard = () => {
    lastHeard = performance.now()
  }

  listener.on('error', (error) => log.warn({ error: error.message }, 'the revocation feed lost Redis'))
  listener.on('close', () => {
    lastHeard = Number.NEGATIVE_INFINITY
  })
  listener.on('message', (channel, body) => {
    heard()
    subscriptions.hear(channel.slice(PREFIX.length), body)
  })
  const listen = async () => {
    const channels = subscriptions.channels().map((channel) => PREFIX + channel)
    if (channels.length > 0) await listener.subscribe(...channels)
    // what was published while nobody listened is gone
    subscriptions.lose()
    heard()
  }
  listener.on('ready', () => listen().catch(() => listener.disconnect(true)))
  const heartbeat = setInterval(() => {
    if (listener.status === 'ready') listener.ping().then(heard, () => {})
  }, HEARTBEAT).unref()

  const heartIsBeating = () => performance.now() - lastHeard < FEED_SILENCE

  return {
    kind: 'redis',

    async put(key, value, ttl) {
      await redis.set(PREFIX + key, value, 'PX', Math.max(1, Math.round(ttl)))
    },

    take: async (key) => (await redis.getdel(PREFIX + key)) ?? undefined,

    peek: async (key) => (await redis.get(PREFIX + key)) ?? undefined,

    async count(key, window) {
      const [count, left] = (await redis.eval(COUNT_SCRIPT, 1, PREFIX + key, Math.round(window))) as [number, number]
      return { count, resets_at: now() + left }
    },

    async publish(channel, body) {
      // heard here first, and again from the feed: subscribers must not mind hearing a thing twice
      subscriptions.hear(channel, body)
      await redis.publish(PREFIX + channel, body)
    },

    subscribe(channel: string, subscriber: Subscriber) {
      subscriptions.add(channel, subscriber)
      lastHeard = Number.NEGATIVE_INFINITY
      if (listener.status === 'ready') listen().catch(() => listener.disconnect(true))
    },

    isCurrent: heartIsBeating,

    async catchUp() {
      await listener.ping()
      heard()
    },

    async ping() {
      await redis.ping()
    },

    async close() {
      clearInterval(heartbeat)
      listener.disconnect()
    },
  }
}
