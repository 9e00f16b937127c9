/** `/docs` (Swagger UI) and `/redoc`, with everything they load taken from npm and served from here. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'

const require = createRequire(import.meta.url)

/** Scripts only from files of ours; both programs write styles into the page, and Redoc searches in a worker. */
const POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'worker-src': ["'self'", 'blob:'],
  'child-src': ["'self'", 'blob:'],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
}
const POLICY_HEADER = Object.entries(POLICY)
  .map(([directive, sources]) => `${directive} ${sources.join(' ')}`)
  .join('; ')

const REDOC_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Latchkey</title>
<style>body { margin: 0 }</style>
</head>
<body>
<div id="redoc"></div>
<script src="/redoc/redoc.standalone.js"></script>
<script src="/redoc/start.js"></script>
</body>
</html>
`

const REDOC_START = `Redoc.init('/openapi.json', { hideDownloadButton: false }, document.getElementById('redoc'))\n`

const withPolicy = (reply: FastifyReply) => reply.header('content-security-policy', POLICY_HEADER)

export default fp(
  async (app) => {
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: POLICY_HEADER,
      uiConfig: { persistAuthorization: false, tryItOutEnabled: true, displayRequestDuration: true },
      theme: { title: 'Latchkey' },
    })

    const script = await readFile(require.resolve('redoc/bundles/redoc.standalone.js'))
    const hidden = { schema: { hide: true } }
    app.get('/redoc', hidden, async (_request, reply) =>
      withPolicy(reply).type('text/html; charset=utf-8').send(REDOC_PAGE),
    )
    app.get('/redoc/redoc.standalone.js', hidden, async (_request, reply) =>
      reply.type('text/javascript; charset=utf-8').header('cache-control', 'public, max-age=3600').send(script),
    )
    app.get('/redoc/start.js', hidden, async (_request, reply) =>
      reply.type('text/javascript; charset=utf-8').send(REDOC_START),
    )
  },
  { name: 'docs', dependencies: ['openapi'] },
)
