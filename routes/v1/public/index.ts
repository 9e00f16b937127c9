import type { FastifyPluginAsync } from 'fastify'
import { openToAll } from '../../guard.ts'
import auth from './auth.ts'
import notices from './notices.ts'

/** What anyone may ask. */
const publicRoutes: FastifyPluginAsync = async (app) => {
  openToAll(app)
  await app.register(auth)
  await app.register(notices)
}

export default publicRoutes
