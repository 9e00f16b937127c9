import fp from 'fastify-plugin'
import { describeBinary, loadedBinary } from '../src/passwords/binary.ts'
import { createHasher } from '../src/passwords/hasher.ts'

/** So long after the start, in ms, the log says what a hash costs: first of all the service serves. */
const MEASURED_AFTER = 1000

/** `app.hasher`: passwords behind their queue. */
export default fp<{ ahead: number }>(
  async (app, { ahead }) => {
    const hasher = createHasher(app.config, ahead)
    let timer: NodeJS.Timeout | undefined
    app.addHook('onListen', async () => {
      timer = setTimeout(() => void tellCost(), MEASURED_AFTER).unref()
    })
    app.addHook('onClose', async () => {
      clearTimeout(timer)
      await hasher.close()
    })
    app.decorate('hasher', hasher)

    async function tellCost(): Promise<void> {
      const ms = Math.round(10 * (await hasher.measure())) / 10
      app.log.info({ ms, argon2: describeBinary(loadedBinary()) }, 'what a password hash costs')
    }
  },
  { name: 'hasher' },
)
