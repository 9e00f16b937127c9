import type { FastifyPluginAsync } from 'fastify'
import compat from './compat/index.ts'
import document from './document.ts'
import { featuresOnly, keepOutOfCaches } from './guard.ts'
import health from './health.ts'
import pages from './pages/index.ts'
import account from './v1/account/index.ts'
import admin from './v1/admin/index.ts'
import publicRoutes from './v1/public/index.ts'
import wellKnown from './well-known.ts'

/** Everything that the world may ask. */
const routes: FastifyPluginAsync<{ version: string }> = async (app, { version }) => {
  await app.register(health, { version })
  await app.register(wellKnown)
  await app.register(document)
  await app.register(v1, { prefix: '/api/v1' })
  await app.register(compat)
  await app.register(pages)
}

const v1: FastifyPluginAsync = async (app) => {
  keepOutOfCaches(app)
  featuresOnly(app)
  await app.register(publicRoutes)
  await app.register(account)
  await app.register(admin)
}

export default routes
