/** Counters in Redis, which all nodes share; while Redis does not answer, each node counts by itself. */
import { createLocalCounters } from './local.ts'
import type { RedisClient } from './redis-client.ts'
import type { Count, Counters } from './store.ts'
import { type Attempt, joinTries, NONE, type Tried, type Tries } from './tries.ts'

/** Everything of ours in Redis begins with this. */
const PREFIX = 'latchkey:'
const TRIES = `${PREFIX}tries:`

/** Redis has this long to answer, in ms; a request that counts waits no longer. */
export const REDIS_DEADLINE = 250

/** How often Redis is asked whether it can count, used or not; in ms. */
const PROBE = 1000

/** Counts, and opens the window with the first event, in one step. */
const COUNT_SCRIPT = `
local isNew = redis.call('exists', KEYS[1]) == 0
local count = redis.call('incrby', KEYS[1], ARGV[2])
if isNew then redis.call('pexpire', KEYS[1], ARGV[1]) end
return { count, redis.call('pttl', KEYS[1]) }`

/** The same as `judgeTry` in tries.ts, and keeps what comes of it, in one step. */
const TRY_SCRIPT = `
local at, free, first, longest, memory = unpack(ARGV)
at, free, memory = tonumber(at), tonumber(free), tonumber(memory)
local function wait(tries)
  if tries < free then return 0 end
  return math.min(tonumber(longest), tonumber(first) * 2 ^ (tries - free))
end
local known = redis.call('hmget', KEYS[1], 'last', 'forgotten')
local last, forgotten = math.min(tonumber(known[1]) or 0, at), tonumber(known[2]) or 0
local tries = math.max(0, math.ceil((forgotten - last) / memory))
if at < last + wait(tries) then return { 0, tries, last + wait(tries) } end
forgotten = math.max(at, forgotten) + memory
tries = math.ceil((forgotten - at) / memory)
redis.call('hset', KEYS[1], 'last', at, 'forgotten', forgotten)
redis.call('pexpire', KEYS[1], forgotten - at)
return { 1, tries, at + wait(tries) }`

const FORGIVE_SCRIPT = `
if redis.call('exists', KEYS[1]) == 1 then redis.call('hincrby', KEYS[1], 'forgotten', -ARGV[1]) end`

interface Needs {
  redis: Pick<RedisClient, 'eval' | 'del'>
  now: () => number
  elapsed: () => number
  log: { info(details: object, message: string): void; warn(details: object, message: string): void }
}

/** Makes the counters over a client, whether or not it is connected yet. */
export async function createRedisCounters({ redis, now, elapsed, log }: Needs): Promise<Counters & { close(): void }> {
  const local = createLocalCounters({ now, elapsed })
  let isShared = true

  async function countInRedis(key: string, window: number, by: number): Promise<Count> {
    const answer = redis.eval(COUNT_SCRIPT, 1, PREFIX + key, Math.ceil(window), by) as Promise<[number, number]>
    const [count, left] = await inTime(answer)
    return { count, resets_at: now() + left }
  }

  /** One key after the other: those of a cluster may be on several servers. */
  async function attemptInRedis(tried: readonly Tried[]): Promise<Attempt> {
    const at = now()
    const judged: { isAllowed: boolean; tries: number; next: number; after: Tries }[] = []
    for (const [index, { key, spacing }] of tried.entries()) {
      const { free, first, longest, memory } = spacing
      const answer = redis.eval(TRY_SCRIPT, 1, TRIES + key, at, free, first, longest, memory)
      const [allowed, tries, next] = await inTime(answer as Promise<[number, number, number]>)
      judged.push({ isAllowed: allowed === 1, tries, next, after: NONE })
      if (allowed === 1) continue
      await forgiveInRedis(tried.slice(0, index))
      break
    }
    return joinTries(tried, judged)
  }

  async function forgiveInRedis(tried: readonly Tried[]): Promise<void> {
    for (const { key, spacing } of tried) await inTime(redis.eval(FORGIVE_SCRIPT, 1, TRIES + key, spacing.memory))
  }

  async function forgetInRedis(keys: readonly string[]): Promise<void> {
    for (const key of keys) await inTime(redis.del(TRIES + key))
  }

  /** Asks Redis, or this node's own memory while it does not answer. */
  async function either<T>(inRedis: () => Promise<T>, here: () => Promise<T>): Promise<T> {
    if (!isShared) return here()
    try {
      return await inRedis()
    } catch (error) {
      giveUp(error)
      return here()
    }
  }

  function giveUp(error: unknown): void {
    if (isShared) log.warn({ error: (error as Error).message }, 'Redis does not answer: this node counts by itself')
    isShared = false
  }

  /** By counting, since a server that is full, or a replica, would answer a ping. */
  async function probe(): Promise<void> {
    try {
      await countInRedis('probe', PROBE, 1)
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

    count: (key, window, by = 1) =>
      either(
        () => countInRedis(key, window, by),
        () => local.count(key, window, by),
      ),
    attempt: (tried) =>
      either(
        () => attemptInRedis(tried),
        () => local.attempt(tried),
      ),
    forgive: (tried) =>
      either(
        () => forgiveInRedis(tried),
        () => local.forgive(tried),
      ),
    forget: (keys) =>
      either(
        () => forgetInRedis(keys),
        () => local.forget(keys),
      ),

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
