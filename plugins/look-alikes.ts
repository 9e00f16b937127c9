import fp from 'fastify-plugin'
import { fillSkeletons } from '../src/accounts/look-alike.ts'

/** Once in the life of a process: what older versions wrote while they ran beside newer ones. */
export default fp(
  async (app) => {
    app.addHook('onReady', async () => {
      app.later(() => fillSkeletons(app.db))
    })
  },
  { name: 'look-alikes', dependencies: ['db', 'throttle'] },
)
