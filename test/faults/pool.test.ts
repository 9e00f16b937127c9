/** What is left of a pool of connections when those who waited for one have given up, again and again. */
import { setTimeout as after } from 'node:timers/promises'
import { sql } from 'kysely'
import t from 'tap'
import { type Db, openDatabase } from '../../src/db/open.ts'
import { isLeftOut } from '../support/app.ts'
import { ownServer, throughPort } from '../support/postgres.ts'
import { startRelay } from '../support/relay.ts'

const POOL = 3

/** The way to the server and back, in ms: a connection is of use after two of these, and one who waits gives up earlier. */
const LATENCY = 150
const PATIENCE = 400

/** When the next ones come, and when the server can be reached again, in ms from the beginning of an outage. */
const NEXT = 215
const OVER = 390

/**
 * As many as there are connections find out. Those who come later are next when the outage is over, and give up in the
 * middle of the second half of what their connection takes.
 * @returns how many had an answer
 */
async function throughAnOutage(db: Db, way: { block(isBlocked: boolean): void }): Promise<number> {
  const ask = () =>
    sql`select 1`.execute(db).then(
      () => 1,
      () => 0,
    )
  const asked: Promise<number>[] = []
  const askByAll = () => asked.push(...Array.from({ length: POOL }, ask))
  way.block(true)
  askByAll()
  await after(NEXT)
  askByAll()
  await after(OVER - NEXT)
  way.block(false)
  return (await Promise.all(asked)).reduce((sum, one) => sum + one, 0)
}

t.test(
  'ten outages, and those who gave up waiting, leave as many connections as before',
  { skip: isLeftOut('postgres') },
  async (t) => {
    const { server, url } = await ownServer(t)
    const way = await startRelay(t, server.port)
    const { db, line } = openDatabase(throughPort(url, way.port), { pool: POOL, patience: PATIENCE })
    way.delay(LATENCY)
    let answered = 0
    for (let outage = 0; outage < 10; outage += 1) answered += await throughAnOutage(db, way)
    t.comment(`${answered} of ${10 * 2 * POOL} had an answer`)

    way.delay(0)
    await after(PATIENCE)
    const ask = () => sql<{ pid: number }>`select pg_backend_pid() as pid, pg_sleep(0.1)`.execute(db)
    const rows = (await Promise.all(Array.from({ length: POOL }, ask))).flatMap(({ rows }) => rows)
    t.equal(new Set(rows.map(({ pid }) => pid)).size, POOL, 'all of them can be used at the same time')
    const ended = Promise.all([db.destroy(), line?.destroy()]).then(() => 'ended')
    t.equal(await Promise.race([ended, after(2000, 'somebody never gave a connection back')]), 'ended')
  },
)
