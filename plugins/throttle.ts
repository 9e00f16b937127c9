import fp from 'fastify-plugin'
import { createLater } from '../src/operation/later.ts'
import { createGate } from '../src/throttling/gate.ts'
import { createThrottle } from '../src/throttling/throttle.ts'

/** `app.throttle`, `app.gate`, `app.later`: what keeps passwords from being guessed, and what is done after an answer. */
export default fp(
  async (app) => {
    app.decorate('throttle', createThrottle(app))
    app.decorate('gate', createGate(app))
    const { later, settle } = createLater(app.log)
    app.decorate('later', later)
    app.addHook('onClose', settle)
  },
  { name: 'throttle', dependencies: ['ephemeral', 'mail'] },
)
