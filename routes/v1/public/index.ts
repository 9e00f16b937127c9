import type { FastifyPluginAsync } from 'fastify'
import { openToAll } from '../../guard.ts'
import auth from './auth.ts'
import challenge from './challenge.ts'
import email from './email.ts'
import invitations from './invitations.ts'
import notices from './notices.ts'
import password from './password.ts'
import passwordStrength from './password-strength.ts'
import signInByMail from './sign-in.ts'

/** What anyone may ask. */
const publicRoutes: FastifyPluginAsync = async (app) => {
  openToAll(app)
  await app.register(auth)
  await app.register(challenge)
  await app.register(notices)
  await app.register(passwordStrength)
  await app.register(email)
  await app.register(password)
  await app.register(signInByMail)
  await app.register(invitations)
}

export default publicRoutes
