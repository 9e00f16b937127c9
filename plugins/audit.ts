import fp from 'fastify-plugin'
import { startSealer } from '../src/audit/sealer.ts'

/** Seals what is added to the audit log, and the rest of it when the service ends. */
export default fp(
  async (app) => {
    const sealer = startSealer(app)
    app.addHook('onClose', () => sealer.stop())
  },
  { name: 'audit', dependencies: ['db', 'jwt'] },
)
