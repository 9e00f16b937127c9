import fp from 'fastify-plugin'
import { createLater } from '../src/operation/later.ts'
import { createGate } from '../src/throttling/gate.ts'
import { createPurse } from '../src/throttling/purse.ts'
import { createThrottle } from '../src/throttling/throttle.ts'

/** `app.throttle`, `app.gate`, `app.purse`, `app.later`: what keeps passwords from being guessed and mailboxes from being filled, and what is done after an answer. */
export default fp(
  async (app) => {
    app.decorate('throttle', createThrottle(app))
    app.decorate('gate', createGate(app))
    app.decorate('purse', createPurse(app))
    const { later, settle } = createLater(app.log)
    app.decorate('later', later)
    app.addHook('onClose', settle)
  },
  { name: 'throttle', dependencies: ['ephemeral', 'mail'] },
)
