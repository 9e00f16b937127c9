import type { FastifyPluginAsync } from 'fastify'
import { keepOutOfCaches } from '../guard.ts'
import flaskAuth from './flask-auth.ts'
import flaskJwtDemo from './flask-jwt-demo.ts'
import login from './login.ts'
import pythonJwtTemplate from './python-jwt-template.ts'

/** The calls of other services, for clients that were written for those; `COMPAT` chooses among them. */
const compat: FastifyPluginAsync = async (app) => {
  keepOutOfCaches(app)
  const { compat } = app.config
  if (compat.includes('flask-jwt-demo')) await app.register(flaskJwtDemo)
  if (compat.includes('python-jwt-template')) await app.register(pythonJwtTemplate)
  if (compat.includes('flask-auth')) await app.register(flaskAuth)
  if (compat.includes('flask-auth') || compat.includes('python-jwt-template')) await app.register(login)
}

export default compat
