/** What workers share is divided between them, so that together they take no more than one process would. */
import type { Config } from '../config.ts'

type Shared = Pick<Config, 'workers' | 'hash_concurrency' | 'hash_queue' | 'uv_threadpool_size'>

/** The part of `total` that is the `index`-th of `count`; the parts add up to the whole. */
function part(total: number, count: number, index: number): number {
  return Math.floor(total / count) + (index < total % count ? 1 : 0)
}

/**
 * The variables that make a process one of several.
 * @param index which of them, from 0
 */
export function shareOf(config: Shared, index: number): Record<string, string> {
  const mine = (total: number) => part(total, config.workers, index)
  return {
    WORKERS: '1',
    HASH_CONCURRENCY: String(mine(config.hash_concurrency)),
    HASH_QUEUE: String(mine(config.hash_queue)),
    UV_THREADPOOL_SIZE: String(Math.max(1, mine(config.uv_threadpool_size))),
  }
}
