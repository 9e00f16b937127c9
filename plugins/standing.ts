import fp from 'fastify-plugin'
import type { OpenDatabase } from '../src/db/open.ts'
import { Failure } from '../src/errors.ts'
import { CHANNEL, createStanding } from '../src/operation/standing.ts'

/** How often the process looks whether its database is still its own, in ms. */
const LOOK = 2000

/** `app.standing`: a process whose database is gone, or was taken to a newer version, answers nothing but its health. */
export default fp<{ database: OpenDatabase }>(
  async (app, { database }) => {
    const standing = await createStanding(database, app.log)
    app.decorate('standing', standing)

    // a database that does not answer is none of this one's faults
    const look = () => void standing.check().catch(() => {})
    app.ephemeral.subscribe(CHANNEL, { hear: look, lose: look })
    const timer = setInterval(look, LOOK).unref()
    app.addHook('onClose', async () => clearInterval(timer))

    app.addHook('onRequest', (request, _reply, done) => {
      const fault = standing.fault()
      if (fault === undefined || request.routeOptions.config.always) done()
      else done(new Failure('unavailable', { detail: fault }))
    })
  },
  { name: 'standing', dependencies: ['db', 'ephemeral'] },
)
