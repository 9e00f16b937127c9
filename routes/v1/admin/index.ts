import type { FastifyPluginAsync } from 'fastify'
import { countAs, signedInOnly } from '../../guard.ts'
import audit from './audit.ts'
import invitations from './invitations.ts'
import users from './users.ts'

/** What administrators ask: each route names the permission it needs. */
const adminRoutes: FastifyPluginAsync = async (app) => {
  countAs(app, 'admin')
  signedInOnly(app)
  await app.register(users)
  await app.register(audit)
  await app.register(invitations)
}

export default adminRoutes
