/** `/docs` (Swagger UI) and `/redoc`, with everything they load taken from npm and served from here. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'

const require = createRequire(import.meta.url)

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]

/**
 * Redoc writes two style elements into the page: an empty one, which it fills through the DOM, and that of its scroll
 * bars. A release with another text for the latter fails its test; the browser then names the new hash.
 */
const REDOC_STYLES = [
  "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
  "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
]

const DOCS_POLICY = [...POLICY, "style-src 'self'"].join('; ')
// Redoc searches in a worker that it starts from a blob
const REDOC_POLICY = [...POLICY, `style-src 'self' ${REDOC_STYLES.join(' ')}`, 'worker-src blob:'].join('; ')

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#2a6f97" stroke-width="4">
<circle cx="9" cy="16" r="6"/><path d="M15 16h15v7M24 16v5"/>
</svg>
`

/** There is one server, the one that the page came from, and the contract has addresses of its own. */
const DOCS_CSS = `.swagger-ui .servers, .swagger-ui .servers-title, .swagger-ui .info hgroup a { display: none }
.swagger-ui .scheme-container { background: none; box-shadow: none; padding: 0 }
`

const REDOC_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Latchkey: reference</title>
<link rel="icon" type="image/svg+xml" href="/redoc/icon.svg">
<link rel="stylesheet" href="/redoc/page.css">
</head>
<body>
<div id="redoc"></div>
<script src="/redoc/redoc.standalone.js"></script>
<script src="/redoc/start.js"></script>
</body>
</html>
`

const REDOC_START = `Redoc.init('/openapi.json', { expandResponses: '200,201' }, document.getElementById('redoc'))\n`

/** The bundle with its one foreign address taken out, a logo that is then not shown: the policy would block it. */
async function redocBundle(): Promise<string> {
  const bundle = await readFile(require.resolve('redoc/bundles/redoc.standalone.js'), 'utf8')
  return bundle.replace('https://cdn.redoc.ly/redoc/logo-mini.svg', 'data:,')
}

export default fp(
  async (app) => {
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: DOCS_POLICY,
      uiConfig: { layout: 'BaseLayout', displayRequestDuration: true, defaultModelsExpandDepth: 0 },
      theme: {
        title: 'Latchkey',
        css: [{ filename: 'page.css', content: DOCS_CSS }],
        favicon: [{ filename: 'icon.svg', rel: 'icon', sizes: 'any', type: 'image/svg+xml', content: ICON }],
      },
    })

    const serve = (url: string, type: string, body: string) =>
      app.get(url, { schema: { hide: true } }, async (_request, reply) =>
        reply
          .type(`${type}; charset=utf-8`)
          .headers({ 'content-security-policy': REDOC_POLICY, 'cache-control': 'public, max-age=3600' })
          .send(body),
      )
    serve('/redoc', 'text/html', REDOC_PAGE)
    serve('/redoc/', 'text/html', REDOC_PAGE)
    serve('/redoc/icon.svg', 'image/svg+xml', ICON)
    serve('/redoc/page.css', 'text/css', 'body { margin: 0 }\n')
    serve('/redoc/start.js', 'text/javascript', REDOC_START)
    serve('/redoc/redoc.standalone.js', 'text/javascript', await redocBundle())
  },
  { name: 'docs', dependencies: ['openapi'] },
)
