/** Counters in Redis, which all nodes share; while Redis does not answer, each node counts by itself. */
import { createLocalCounters } from './local.ts'
import type { RedisClient } from './redis-client.ts'
import type { Count, Counters } from './store.ts'

/** Everything of ours in Redis begins with this. */
const PREFIX = 'latchkey:'

/** Redis has this long to answer, in ms; a request that counts waits no longer. */
export const REDIS_DEADLINE = 250

/** How often Redis is asked whether it can count, used or not; in ms. */
const PROBE = 1000

/** Counts, and opens the window with the first event, in one step. */
const COUNT_SCRIPT = `
local count = redis.call('incr', KEYS[1])
if count == 1 then redis.call('pexpire', KEYS[1], ARGV[1]) end
return { count, redis.call('pttl', KEYS[1]) }`

interface Needs {
  redis: Pick<RedisClient, 'eval'>
  now: () => number
  elapsed: () => number
  log: { info(details: object, message: string): void; warn(details: object, message: string): void }
}

/** Makes the counters over a client, whether or not it is connected yet. */
export async function createRedisCounters({ redis, now, elapsed, log }: Needs): Promise<Counters & { close(): void }> {
  const local = createLocalCounters({ now, elapsed })
  let isShared = true

  async function countInRedis(key: string, window: number): Promise<Count> {
    const answer = redis.eval(COUNT_SCRIPT, 1, PREFIX + key, Math.ceil(window)) as Promise<[number, number]>
    const [count, left] = await inTime(answer)
    return { count, resets_at: now() + left }
  }

  function giveUp(error: unknown): void {
    if (isShared) log.warn({ error: (error as Error).message }, 'Redis does not answer: this node counts by itself')
    isShared = false
  }

  /** By counting, since a server that is full, or a replica, would answer a ping. */
  async function probe(): Promise<void> {
    try {
      await countInRedis('probe', PROBE)
      if (!isShared) log.info({}, 'Redis answers again')
      isShared = true
    } catch (error) {
      giveUp(error)
    }
  }

  const timer = setInterval(probe, PROBE).unref()
  await probe()

  return {
    kind: 'redis',

    async count(key, window) {
      if (!isShared) return local.count(key, window)
      try {
        return await countInRedis(key, window)
      } catch (error) {
        giveUp(error)
        return local.count(key, window)
      }
    },

    isShared: () => isShared,

    probe,

    close: () => clearInterval(timer),
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${REDIS_DEADLINE} ms`)), REDIS_DEADLINE)
  try {
    return await Promise.race([answer, promise])
  } finally {
    clearTimeout(timer)
  }
}
