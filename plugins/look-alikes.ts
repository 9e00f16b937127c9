import fp from 'fastify-plugin'
import { fillSkeletons } from '../src/accounts/look-alike.ts'

/** Once in the life of a process that serves: what older versions wrote while they ran beside newer ones. */
export default fp(
  async (app) => {
    const closing = new AbortController()
    // a command has other things to do
    app.addHook('onListen', async () => app.later(() => fillSkeletons(app.db, closing.signal)))
    app.addHook('onClose', async () => closing.abort())
  },
  { name: 'look-alikes', dependencies: ['db', 'throttle'] },
)
