import { Redis } from 'ioredis'
import type { Config } from '../config.ts'
import { judgeClock } from './database.ts'
import { type Finding, fault, fine } from './finding.ts'

/** How long Redis has to answer, in ms. */
const PATIENCE = 3000

/** Examines the Redis that the configuration names, if it names one. */
export async function examineRedis(config: Config, now: () => number): Promise<Finding[]> {
  if (!config.redis_url) return [fine('redis', 'none is configured; counters are kept in the database')]
  const { host } = new URL(config.redis_url)
  const options = { connectTimeout: PATIENCE, commandTimeout: PATIENCE, lazyConnect: true, retryStrategy: () => null }
  const redis = new Redis(config.redis_url, options)
  let cause: Error | undefined
  redis.on('error', (error) => {
    cause = error
  })
  try {
    await redis.connect()
    const begun = performance.now()
    const [seconds, micros] = await redis.time()
    const ms = Math.round(100 * (performance.now() - begun)) / 100
    const theirs = Number(seconds) * 1000 + Number(micros) / 1000
    return [
      fine('redis', `${host} answers in ${ms} ms`, { ms }),
      judgeClock(config, 'the clock of Redis', theirs - now()),
    ]
  } catch (error) {
    return [fault('redis', `${host} does not answer: ${(cause ?? (error as Error)).message}`)]
  } finally {
    redis.disconnect()
  }
}
