import { availableParallelism } from 'node:os'
import t from 'tap'
import { loadConfig } from '../../src/config.ts'
import { backoff } from '../../src/workers/backoff.ts'
import { shareOf } from '../../src/workers/share.ts'

t.test('workers together hash no more, and let no more wait, than one process would', async (t) => {
  for (const [workers, concurrency, queue] of [
    [2, 2, 256],
    [3, 8, 256],
    [4, 4, 1],
    [5, 7, 0],
  ] as const) {
    const variables = { HASH_CONCURRENCY: String(concurrency), HASH_QUEUE: String(queue) }
    const config = loadConfig({ ...variables, WORKERS: String(workers) })
    const each = Array.from({ length: workers }, (_, index) => loadConfig(shareOf(config, index)))
    const sum = (member: 'hash_concurrency' | 'hash_queue' | 'uv_threadpool_size') =>
      each.reduce((total, one) => total + one[member], 0)
    t.equal(sum('hash_concurrency'), concurrency)
    t.equal(sum('uv_threadpool_size'), concurrency)
    t.equal(sum('hash_queue'), queue)
    for (const { hash_concurrency } of each) t.ok(hash_concurrency >= 1)
    for (const one of each) t.equal(one.workers, 1)
  }
  t.equal(loadConfig({ WORKERS: 'auto' }).workers, availableParallelism())
})

t.test('what crashes again and again is waited for twice as long each time, up to 30 s', async (t) => {
  let time = 0
  const delay = backoff(() => time)
  const waits = Array.from({ length: 11 }, () => delay.next())
  t.strictSame(waits, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
  time += 60_001
  t.equal(delay.next(), 100, 'after a quiet minute it is forgotten')
})
