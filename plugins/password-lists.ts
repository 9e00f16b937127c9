import fp from 'fastify-plugin'
import { openPasswordLists } from '../src/passwords/lists.ts'

/** `app.passwordLists`: what new passwords are held against. */
export default fp(
  async (app) => {
    app.decorate('passwordLists', openPasswordLists(app))
  },
  { name: 'password-lists' },
)
