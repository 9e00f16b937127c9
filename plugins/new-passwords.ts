import fp from 'fastify-plugin'
import { openPasswordLists } from '../src/passwords/lists.ts'
import { createStrengthEstimator } from '../src/passwords/strength/estimate.ts'

/** `app.passwordLists`, `app.strength`: what new passwords are held against, and how strong they are. */
export default fp(
  async (app) => {
    const strength = createStrengthEstimator()
    app.decorate('passwordLists', openPasswordLists(app))
    app.decorate('strength', strength)
    app.addHook('onClose', strength.close)
  },
  { name: 'new-passwords' },
)
