import fp from 'fastify-plugin'
import { createGrant } from '../src/by-mail/grants.ts'
import { createMailRequests } from '../src/by-mail/requests.ts'

/** Requests are granted this often, in ms, whenever they come. */
const BEAT = 1000

/** After so many beats a process looks for what another has left behind. */
const LOOK = 30

/** `app.mailRequests`: what strangers want to be sent, granted to a beat that nobody outside can hear. */
export default fp(
  async (app) => {
    const requests = createMailRequests(app, createGrant(app))
    app.decorate('mailRequests', requests)
    let beats = 0
    let running = Promise.resolve()
    let isRunning = false

    async function settle(): Promise<void> {
      beats += 1
      try {
        await (beats % LOOK === 1 ? requests.settle() : requests.settleNoted())
      } catch (error) {
        app.log.warn({ error: (error as Error).message }, 'requests for mail wait, since the database does not answer')
      }
    }

    function beat(): void {
      if (isRunning) return
      isRunning = true
      running = settle().finally(() => {
        isRunning = false
      })
    }

    let timer: NodeJS.Timeout | undefined
    // a command has other things to do
    app.addHook('onListen', async () => {
      timer = setInterval(beat, BEAT).unref()
    })
    app.addHook('onClose', async () => {
      clearInterval(timer)
      await running
    })
  },
  { name: 'mail-requests', dependencies: ['db', 'ephemeral'] },
)
