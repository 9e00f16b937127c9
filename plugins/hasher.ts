import fp from 'fastify-plugin'
import { describeBinary, loadedBinary } from '../src/passwords/binary.ts'
import { DEAREST_CHECK, type Wait } from '../src/passwords/floor.ts'
import { createHasher } from '../src/passwords/hasher.ts'
import { createSurvey } from '../src/passwords/survey.ts'

/** So long after the start, in ms, it is found out what a hash costs: first of all the service serves. */
const MEASURED_AFTER = 1000

/** Accounts that an import adds are looked at after this at the latest, in ms. */
const LOOK_AGAIN = 15_000

/** `app.hasher`: passwords behind their queue. */
export default fp<{ ahead: number; wait?: Wait | undefined }>(
  async (app, { ahead, wait }) => {
    const hasher = createHasher(app.config, { ahead, elapsed: app.elapsed, ...(wait && { wait }) })
    const closing = new AbortController()
    const survey = createSurvey({ db: app.db, hasher }, closing.signal)
    let timer: NodeJS.Timeout | undefined
    let told: number | undefined
    app.addHook('onListen', async () => plan(MEASURED_AFTER))
    app.addHook('onClose', async () => {
      closing.abort()
      clearTimeout(timer)
      await hasher.close()
    })
    app.decorate('hasher', hasher)

    function plan(ms: number): void {
      // while the database is away the floor stays what it is
      const look = () => findCost().catch(() => {})
      timer = setTimeout(() => void look().finally(() => closing.signal.aborted || plan(LOOK_AGAIN)), ms).unref()
    }

    async function findCost(): Promise<void> {
      const { own, dearest } = await survey.look()
      hasher.floor.cover(dearest)
      if (dearest === told) return
      told = dearest
      const refusal_ms = rounded(hasher.floor.current())
      const costs = { ms: rounded(own), dearest_ms: rounded(dearest), refusal_ms }
      app.log.info({ ...costs, argon2: describeBinary(loadedBinary()) }, 'what a password hash costs')
      if (dearest > DEAREST_CHECK)
        app.log.warn({ ms: costs.dearest_ms }, 'some stored hashes take so long that refusals tell of their accounts')
    }
  },
  { name: 'hasher', dependencies: ['db'] },
)

const rounded = (ms: number) => Math.round(10 * ms) / 10
