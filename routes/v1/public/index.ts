import type { FastifyPluginAsync } from 'fastify'
import { openToAll } from '../../guard.ts'
import auth from './auth.ts'

/** What anyone may ask. */
const publicRoutes: FastifyPluginAsync = async (app) => {
  openToAll(app)
  await app.register(auth)
}

export default publicRoutes
