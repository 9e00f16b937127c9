import { fewOnPostgres } from '../data/places.ts'
import { compareLoads } from '../load/compare.ts'
import type { Row } from '../measure.ts'
import { startLatchkey } from '../servers/latchkey.ts'
import { postgresVersion, startPostgres } from '../servers/postgres.ts'

const CONNECTIONS = 32

/** On PostgreSQL no counter tells whether others have written, so there are more questions to ask. */
export const mePostgres: Row = {
  name: 'me-postgres',
  group: 'requests',
  ours: 'authenticated GET /users/me on PostgreSQL',
  theirs: 'on SQLite',
  unit: 'requests/s',
  setting: `NODE_ENV=production, RATE_LIMIT=off, 1,000 accounts with 2,000 sessions, all of them used; ${CONNECTIONS} connections`,
  limits:
    'PostgreSQL with its defaults runs on the same cores, and what it takes is not in the CPU time of an answer. Over a network each question takes longer.',

  async run(effort) {
    const version = postgresVersion()
    if (version === undefined) return { unmeasured: 'PostgreSQL is not installed' }
    await using server = await startPostgres(version)
    await using ours = await startLatchkey({ place: await fewOnPostgres(server) })
    await using theirs = await startLatchkey()
    return await compareLoads(effort, CONNECTIONS, {
      ours: { pid: ours.pid, request: ours.requests.mes },
      theirs: { pid: theirs.pid, request: theirs.requests.mes },
    })
  },
}
