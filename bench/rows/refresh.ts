import { fewOnSqlite, scratchFolder } from '../data/places.ts'
import { load } from '../load/closed.ts'
import { costs } from '../load/compare.ts'
import { alternate, type Row } from '../measure.ts'
import { runAlone } from '../servers/alone.ts'
import { SETTINGS, startLatchkey } from '../servers/latchkey.ts'

const CONNECTIONS = 64

/** Commits of concurrent requests can be grouped; those of one program that waits for each cannot. */
export const refresh: Row = {
  name: 'refresh',
  group: 'requests',
  ours: 'POST /auth/refresh, durable',
  theirs: 'bare better-sqlite3, the same two statements, one commit each',
  unit: 'per second',
  setting: `${SETTINGS}; synchronous=FULL on the same disk; ${CONNECTIONS} connections, each shows a session’s newest token`,
  limits:
    'The ratio depends on the disk: the slower a commit is, the more of them share one. The target is 10,000/s where bare SQLite makes 6,000 commits/s.',
  target: { of: 'ratio', least: 1.67 },

  async run(effort) {
    await using latchkey = await startLatchkey()
    using scratch = scratchFolder()
    const { url } = await fewOnSqlite(scratch.path)
    const run = (seconds: number) =>
      load(latchkey.requests.refresh, { connections: CONNECTIONS, seconds, pid: latchkey.pid })
    await run(Math.min(3, effort.seconds))
    const seen = await alternate(effort, {
      ours: () => run(effort.seconds),
      theirs: () =>
        runAlone('./commits.ts', { DATABASE: url.slice('sqlite:'.length), SECONDS: String(effort.seconds) }),
    })
    return { ours: seen.ours.map(({ rate }) => rate), theirs: seen.theirs, also: costs('ours', seen.ours) }
  },
}
