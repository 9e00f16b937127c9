/** `/docs` and `/docs/compat` (Swagger UI), and `/redoc`, with everything they load taken from npm and served from here. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import fp from 'fastify-plugin'
import { isOn } from '../src/features.ts'

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

const pageOf = (
  place: string,
  title: string,
  root: string,
  style: string,
  script: string,
  start: string,
) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="${place}/icon.svg">
${style}
<link rel="stylesheet" href="${place}/page.css">
</head>
<body>
<div id="${root}"></div>
<script src="${place}/${script}"></script>
<script src="${place}/${start}"></script>
</body>
</html>
`

/** The page may call the server that it came from, and no other; the contract says where everybody else calls. */
const docsStart = (url: string) => `const callThisServer = () => ({
  statePlugins: { spec: { wrapActions: { updateJsonSpec: (update) => (spec) => update({ ...spec, servers: [{ url: '/' }] }) } } },
})
SwaggerUIBundle({
  url: '${url}',
  dom_id: '#swagger-ui',
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [SwaggerUIBundle.plugins.DownloadUrl, callThisServer],
  layout: 'BaseLayout',
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
})
`

const REDOC_START = `Redoc.init('/openapi.json', { expandResponses: '200,201' }, document.getElementById('redoc'))\n`

/** The files of the plugin, and not the plugin: loading what it serves them with was a tenth of a start. */
const swaggerFile = (name: string) =>
  readOnce(() => join(dirname(require.resolve('@fastify/swagger-ui')), 'static', name))

/** The bundle with its one foreign address taken out, a logo that is then not shown: the policy would block it. */
const redocFile = readOnce(
  () => require.resolve('redoc/bundles/redoc.standalone.js'),
  (bundle) => bundle.replace('https://cdn.redoc.ly/redoc/logo-mini.svg', 'data:,'),
)

/** Reads a file for its first reader, since most services have none, and keeps it. */
function readOnce(path: () => string, change = (text: string) => text): () => Promise<string> {
  let text: Promise<string> | undefined
  return () => {
    text ??= readFile(path(), 'utf8').then(change)
    return text
  }
}

const docsPage = (title: string, start: string) =>
  pageOf(
    '/docs',
    title,
    'swagger-ui',
    '<link rel="stylesheet" href="/docs/swagger-ui.css">',
    'swagger-ui-bundle.js',
    start,
  )

type Content = string | (() => Promise<string>)

interface Page {
  policy: string
  files: Readonly<Record<string, Content>>
}

/** What each page consists of, by where it is. */
const PAGES: Readonly<Record<string, Page>> = {
  '/docs': {
    policy: DOCS_POLICY,
    files: {
      '': docsPage('Latchkey', 'start.js'),
      '/icon.svg': ICON,
      '/page.css': DOCS_CSS,
      '/start.js': docsStart('/openapi.json'),
      '/swagger-ui.css': swaggerFile('swagger-ui.css'),
      '/swagger-ui-bundle.js': swaggerFile('swagger-ui-bundle.js'),
    },
  },
  '/redoc': {
    policy: REDOC_POLICY,
    files: {
      '': pageOf('/redoc', 'Latchkey: reference', 'redoc', '', 'redoc.standalone.js', 'start.js'),
      '/icon.svg': ICON,
      '/page.css': 'body { margin: 0 }\n',
      '/start.js': REDOC_START,
      '/redoc.standalone.js': redocFile,
    },
  },
}

/** Reads its files from beside the other page, except how it starts. */
const COMPAT_PAGE: Readonly<Record<string, Page>> = {
  '/docs/compat': {
    policy: DOCS_POLICY,
    files: {
      '': docsPage('Latchkey: calls of other services', 'compat/start.js'),
      '/start.js': docsStart('/openapi-compat.json'),
    },
  },
}

const TYPES: Readonly<Record<string, string>> = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' }

export default fp(
  async (app) => {
    if (!isOn(app.config, 'docs')) return
    for (const [place, { policy, files }] of Object.entries({ ...PAGES, ...(app.contracts.compat && COMPAT_PAGE) })) {
      for (const [name, content] of Object.entries(files)) {
        const headers = {
          'content-type': `${TYPES[name.split('.').at(-1) ?? ''] ?? 'text/html'}; charset=utf-8`,
          'content-security-policy': policy,
          'cache-control': 'public, max-age=3600',
        }
        for (const url of name === '' ? [place, `${place}/`] : [place + name])
          app.get(url, { schema: { hide: true } }, async (_request, reply) =>
            reply.headers(headers).send(typeof content === 'string' ? content : await content()),
          )
      }
    }
  },
  { name: 'docs', dependencies: ['openapi'] },
)
