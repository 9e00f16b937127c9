import fp from 'fastify-plugin'
import { isPostgres, serverTime } from '../src/db/dialect.ts'
import { prepareSchema } from '../src/db/migrate.ts'
import type { OpenDatabase } from '../src/db/open.ts'
import { mayAskWal } from '../src/db/place.ts'
import type { SharedClock } from '../src/operation/clock.ts'

/** How often the clock is held against the server's, in ms. */
const COMPARE = 1000

const NO_WAL =
  'the role of the database may not call pg_current_wal_lsn and pg_walfile_name: a server that took over is told by when it was started'

/** `app.db`: the database that the configuration names, migrated when it says so, closed with the app. */
export default fp<{ database: OpenDatabase; clock: SharedClock }>(
  async (app, { database, clock }) => {
    app.addHook('onClose', async () => {
      await Promise.all([database.db.destroy(), database.line?.destroy()])
    })
    app.decorate('db', database.db)
    const { line } = database
    if (line) await follow(line)
    await prepareSchema(database.db, app.config.migrate)
    if (isPostgres(database.db) && !(await mayAskWal(database.db))) app.log.warn(NO_WAL)

    /** Goes by the clock of the server, which all nodes have in common; a server that is away is asked again. */
    async function follow(line: OpenDatabase['db']): Promise<void> {
      const compare = () => clock.compare(() => serverTime(line)).catch(() => {})
      const timer = setInterval(compare, COMPARE).unref()
      app.addHook('onClose', async () => clearInterval(timer))
      await compare()
    }
  },
  { name: 'db' },
)
