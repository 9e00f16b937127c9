import { Cluster, Redis } from 'ioredis'
import { parseRedisUrl } from '../operation/redis-url.ts'

export type RedisClient = Redis | Cluster

/** A connection that takes longer to be made is tried anew, in ms; so long a start waits for Redis too. */
export const CONNECT_TIMEOUT = 2000

/** A command that is not answered in this time fails, in ms. */
const COMMAND_TIMEOUT = 2000

/** A connection that owes an answer for so long is given up, in ms: what it waits for may have been dropped on the way. */
const SILENCE = 5000

/** How long to wait before the next attempt, in ms. */
const retry = (attempt: number) => Math.min(attempt * 100, 1000)

const COMMON = {
  connectTimeout: CONNECT_TIMEOUT,
  commandTimeout: COMMAND_TIMEOUT,
  socketTimeout: SILENCE,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
}

/** Opens the client that a URL asks for. It connects anew by itself; while Redis is away, commands fail. */
export function openRedis(url: string): RedisClient {
  const target = parseRedisUrl(url)
  if (target.kind === 'single') return new Redis(url, { ...COMMON, retryStrategy: retry })
  const tls = target.tls ? { tls: {} } : {}
  if (target.kind === 'cluster')
    return new Cluster([...target.hosts], {
      enableOfflineQueue: false,
      clusterRetryStrategy: retry,
      slotsRefreshTimeout: COMMAND_TIMEOUT,
      // a master that has failed is replaced in seconds: nobody waits for that, and the next attempt knows more
      maxRedirections: 4,
      redisOptions: { ...COMMON, ...tls, ...target.account },
    })
  const { username, password } = target.sentinelAccount
  return new Redis({
    ...COMMON,
    ...tls,
    ...target.account,
    sentinels: [...target.hosts],
    name: target.master,
    db: target.db,
    ...(username && { sentinelUsername: username }),
    ...(password && { sentinelPassword: password }),
    ...(target.tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
    sentinelCommandTimeout: COMMAND_TIMEOUT,
    sentinelRetryStrategy: retry,
    retryStrategy: retry,
    // a master that has become a replica keeps its connections: the sentinels know the new one
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  })
}
