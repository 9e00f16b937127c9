import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import fp from 'fastify-plugin'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { Failure } from '../src/errors.ts'

const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** Prometheus metrics, where `METRICS` says: on a listener of their own, or at `/metrics` for bearers of its token. */
export default fp(
  async (app) => {
    const access = app.config.metrics
    if (!access) return
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    watchRequests()
    watchQueues()
    if ('token' in access) serveToBearers(access.token)
    else await listenApart(access)

    function watchRequests(): void {
      const durations = new Histogram({
        name: 'latchkey_http_request_duration_seconds',
        help: 'Time from request to answer',
        labelNames: ['method', 'route', 'status'],
        buckets: DURATION_BUCKETS,
        registers: [registry],
      })
      app.addHook('onResponse', async (request, reply) => {
        // the pattern, not the URL: labels must be few, and URLs hold ids
        const route = request.routeOptions.url ?? 'unknown'
        durations.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
      })
    }

    function watchQueues(): void {
      const gauge = (name: string, help: string, read: () => number) =>
        new Gauge({
          name,
          help,
          registers: [registry],
          collect() {
            this.set(read())
          },
        })
      gauge('latchkey_hash_running', 'Password hashes in flight', () => app.hasher.load().running)
      gauge('latchkey_hash_waiting', 'Password hashes that wait', () => app.hasher.load().waiting)
      gauge('latchkey_sessions_remembered', 'Sessions in this node’s memory', () => app.states.size())
      gauge('latchkey_tokens_remembered', 'Verified access tokens in this node’s memory', () => app.tokens.size)
    }

    function serveToBearers(token: string): void {
      const expected = digest(token)
      app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
        const { authorization } = request.headers
        if (authorization === undefined) throw new Failure('token_missing')
        const presented = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ''
        if (!timingSafeEqual(digest(presented), expected)) throw new Failure('token_invalid')
        return reply.type(registry.contentType).send(await registry.metrics())
      })
    }

    async function listenApart({ host, port }: { host: string; port: number }): Promise<void> {
      const server = createServer(async ({ url, method }, response) => {
        if (url !== '/metrics') response.writeHead(404).end()
        else if (method !== 'GET') response.writeHead(405, { allow: 'GET' }).end()
        else response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics())
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
