import { availableParallelism } from 'node:os'
import { compareLoads } from '../load/compare.ts'
import type { Row } from '../measure.ts'
import { startLatchkey } from '../servers/latchkey.ts'
import { hasRedis, startRedis } from '../servers/redis.ts'

const CONNECTIONS = 64

/** Two processes behind one port, against one. */
export const workers: Row = {
  name: 'workers',
  group: 'process',
  ours: 'GET /users/me, serve --workers 2',
  theirs: 'serve --workers 1',
  unit: 'requests/s',
  setting: `NODE_ENV=production, RATE_LIMIT=off, LOG_LEVEL=info with a line a request, SQLite file with 1,000 accounts, Redis shared; 2,000 sessions; ${CONNECTIONS} connections`,
  limits: `The load generator, Redis and whatever else runs share the ${availableParallelism()} cores with the workers: on two cores two workers have no more than what the generator leaves. What each takes is told beside.`,
  target: { of: 'ratio', least: 1.7 },

  async run(effort) {
    if (!hasRedis()) return { unmeasured: 'Redis is not installed' }
    await using redis = await startRedis()
    const start = (count: number) =>
      startLatchkey({
        script: '../../src/cli.ts',
        args: ['serve', '--workers', String(count)],
        env: { REDIS_URL: redis.url },
      })
    await using ours = await start(2)
    await using theirs = await start(1)
    return await compareLoads(effort, CONNECTIONS, {
      ours: { pid: ours.pid, request: ours.requests.mes },
      theirs: { pid: theirs.pid, request: theirs.requests.mes },
    })
  },
}
