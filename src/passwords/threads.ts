import type { Config } from '../config.ts'

/**
 * Makes libuv's threads as many as hashes are in flight, so that some may wait there: a thread that has made one finds
 * the next by itself, where otherwise it idles until the main thread is back from the disk. Must come before the first
 * work for these threads.
 * @returns how many hashes may wait there
 */
export function dedicateThreads({
  hash_concurrency,
  uv_threadpool_size,
}: Pick<Config, 'hash_concurrency' | 'uv_threadpool_size'>): number {
  process.env['UV_THREADPOOL_SIZE'] = String(uv_threadpool_size)
  return uv_threadpool_size > hash_concurrency ? 0 : hash_concurrency
}
