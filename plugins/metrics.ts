import { createHash, timingSafeEqual } from 'node:crypto'
import fp from 'fastify-plugin'
import { Failure } from '../src/errors.ts'
import { CONTENT_TYPE, expose } from '../src/operation/exposition.ts'
import { scrapeAll } from '../src/workers/metrics.ts'
import { families } from './metrics-families.ts'
import { watchRequests } from './metrics-requests.ts'

/** Prometheus metrics, where `METRICS` says: on a listener of their own, or at `/metrics` for bearers of its token. */
export default fp(
  async (app) => {
    const access = app.config.metrics
    if (!access) return
    // only here, since who wants no metrics should not wait for it at the start
    const { collectDefaultMetrics, Registry } = await import('prom-client')
    const ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
    const ours = [watchRequests(app), ...families(app)]
    const scrape = scrapeAll(async () => (await ofProcess.metrics()) + expose(ours))
    if ('token' in access) serveToBearers(access.token)
    else await listenApart(access)

    function serveToBearers(token: string): void {
      const expected = digest(token)
      app.get('/metrics', { schema: { hide: true }, config: { always: true } }, async (request, reply) => {
        const { authorization } = request.headers
        if (authorization === undefined) throw new Failure('token_missing')
        const presented = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ''
        if (!timingSafeEqual(digest(presented), expected)) throw new Failure('token_invalid')
        return reply.type(CONTENT_TYPE).send(await scrape())
      })
    }

    async function listenApart({ host, port }: { host: string; port: number }): Promise<void> {
      const { createServer } = process.getBuiltinModule('node:http')
      const server = createServer(async ({ url, method }, response) => {
        if (url !== '/metrics') response.writeHead(404).end()
        else if (method !== 'GET') response.writeHead(405, { allow: 'GET' }).end()
        else response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(await scrape())
      })
      await new Promise<void>((resolve, reject) => {
        server.once('error', ({ message }) => reject(new Error(`metrics cannot be served: ${message}`)))
        server.listen(port, host, resolve)
      })
      app.addHook('onClose', async () => {
        server.close()
        // a scraper keeps its connection, and would hold up the stop
        server.closeAllConnections()
      })
    }
  },
  { name: 'metrics', dependencies: ['authenticate', 'hasher'] },
)

/** Of equal length whatever was presented, as the comparison in constant time demands. */
const digest = (text: string) => createHash('sha256').update(text).digest()
