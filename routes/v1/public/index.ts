import type { FastifyPluginAsync } from 'fastify'
import { openToAll } from '../../guard.ts'
import auth from './auth.ts'
import notices from './notices.ts'
import passwordStrength from './password-strength.ts'

/** What anyone may ask. */
const publicRoutes: FastifyPluginAsync = async (app) => {
  openToAll(app)
  await app.register(auth)
  await app.register(notices)
  await app.register(passwordStrength)
}

export default publicRoutes
