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

/** Makes the store over an open connection. A second one, for listening, is opened with the first subscription. */
export function createRedisEphemeral({ redis, now, log }: Needs): Ephemeral {
  const subscriptions = new Subscriptions()
  let listener: Redis | undefined
  let heartbeat: NodeJS.Timeout | undefined
  let lastHeard = Number.NEGATIVE_INFINITY

  const heard = () => {
    lastHeard = performance.now()
  }
  const deaf = () => {
    lastHeard = Number.NEGATIVE_INFINITY
  }

  async function listen(connection: Redis): Promise<void> {
    try {
      await connection.subscribe(...subscriptions.channels().map((channel) => PREFIX + channel))
      // what was published while nobody listened is gone
      subscriptions.lose()
      heard()
    } catch {
      connection.disconnect(true)
    }
  }

  function openListener(): Redis {
    const connection = redis.duplicate({
      lazyConnect: false,
      enableOfflineQueue: true,
      autoResubscribe: false,
      maxRetriesPerRequest: null,
    })
    connection.on('error', (error) => log.warn({ error: error.message }, 'the news feed lost Redis'))
    connection.on('close', deaf)
    connection.on('ready', () => void listen(connection))
    connection.on('message', (channel, body) => {
      heard()
      subscriptions.hear(channel.slice(PREFIX.length), body)
    })
    heartbeat = setInterval(() => {
      if (connection.status === 'ready') connection.ping().then(heard, () => {})
    }, HEARTBEAT).unref()
    return connection
  }

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
      deaf()
      listener ??= openListener()
      if (listener.status === 'ready') void listen(listener)
    },

    isCurrent: () => performance.now() - lastHeard < FEED_SILENCE,

    async catchUp() {
      await listener?.ping()
    },

    async ping() {
      await redis.ping()
    },

    async close() {
      clearInterval(heartbeat)
      listener?.disconnect()
    },
  }
}
