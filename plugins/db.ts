import fp from 'fastify-plugin'
import { prepareSchema } from '../src/db/migrate.ts'
import type { OpenDatabase } from '../src/db/open.ts'

/** `app.db`: the database that the configuration names, migrated when it says so, closed with the app. */
export default fp<{ database: OpenDatabase }>(
  async (app, { database }) => {
    app.addHook('onClose', async () => {
      await Promise.all([database.db.destroy(), database.line?.destroy()])
    })
    app.decorate('db', database.db)
    await prepareSchema(database.db, app.config.migrate)
  },
  { name: 'db' },
)
