import fp from 'fastify-plugin'
import { fillSkeletons } from '../src/accounts/look-alike.ts'
import { isOlder, readFinished } from '../src/db/finished.ts'
import { VERSION } from '../src/operation/version.ts'

/**
 * Once in the life of a process that serves: what older versions wrote while they ran beside newer ones. When none runs any more,
 * `upgrade finish` has seen to what they left.
 */
export default fp(
  async (app) => {
    const closing = new AbortController()
    // a command has other things to do
    app.addHook('onListen', async () => app.later(fill))
    app.addHook('onClose', async () => closing.abort())

    async function fill(): Promise<void> {
      const finished = await readFinished(app.db)
      const mayBeStale = finished === undefined || isOlder(finished, VERSION)
      await fillSkeletons(app.db, mayBeStale ? 'all' : 'missing', closing.signal)
    }
  },
  { name: 'look-alikes', dependencies: ['db', 'throttle'] },
)
