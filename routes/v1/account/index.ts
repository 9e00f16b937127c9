import type { FastifyPluginAsync } from 'fastify'
import { signedInOnly } from '../../guard.ts'
import data from './data.ts'
import email from './email.ts'
import gateway from './gateway.ts'
import me from './me.ts'
import reauthenticate from './reauthenticate.ts'
import sessions from './sessions.ts'
import user from './user.ts'

/** What people ask about themselves, with the token of a living session. */
const accountRoutes: FastifyPluginAsync = async (app) => {
  signedInOnly(app)
  await app.register(me)
  await app.register(email)
  await app.register(sessions)
  await app.register(reauthenticate)
  await app.register(data)
  await app.register(gateway)
  await app.register(user)
}

export default accountRoutes
