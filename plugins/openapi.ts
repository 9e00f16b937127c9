/** The contract: an OpenAPI document made of the routes' schemas, and nothing else. */
import swagger from '@fastify/swagger'
import fp from 'fastify-plugin'
import { type ScalarTag, stringify } from 'yaml'
import type { Dialect } from '../src/operation/values.ts'
import { namedSchemas } from '../src/schemas.ts'
import { tidy } from './openapi-tidy.ts'

const DESCRIPTION = `Accounts, sessions and tokens over HTTP.

Every error is a problem document (RFC 9457) whose \`code\` is one of a closed list, except in groups named after \
another service: those speak as that one does. A member without a value is \
absent, never null. Times are RFC 3339 in UTC.

Every answer to a readable request names it in \`X-Request-Id\`. Answers with tokens or personal data say \
\`Cache-Control: no-store\`.

This contract is served as [YAML](/openapi.yaml) and [JSON](/openapi.json), and as pages \
[to try](/docs) and [to read](/redoc), unless \`DOCS\` is \`off\`.`

const TAGS = [
  { name: 'Sessions', description: 'Signing in, exchanging tokens, signing out' },
  { name: 'Passwords', description: 'What a new one is worth' },
  { name: 'Account', description: 'What people do with their own account' },
  { name: 'Mail', description: 'What is proved by links and codes that are sent by mail' },
  { name: 'Users', description: 'What administrators do with accounts' },
  { name: 'Audit', description: 'What happened, for admins' },
  { name: 'Gateway', description: 'For reverse proxies that ask who is calling' },
  { name: 'Operation', description: 'Health, keys, metrics' },
  { name: 'Documentation', description: 'This contract and the pages that show it' },
]

/** Other services, whose calls are answered where `COMPAT` says so. */
const COMPAT_TAGS: ReadonlyArray<{ name: Dialect; description: string }> = [
  {
    name: 'flask-jwt-demo',
    description: 'For clients of the Flask JWT Authentication API Demo: single-use tokens, each answer brings the next',
  },
  {
    name: 'python-jwt-template',
    description: 'For clients of the Python Authentication System (python-jwt-template): `status` and `message`',
  },
  {
    name: 'flask-auth',
    description: 'For clients of the Flask authentication system with register, login and protected: `message`',
  },
]

const SINGLE_USE = {
  type: 'http' as const,
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: 'A token of `flask-jwt-demo`: good for one call, which answers with the next',
}

/** A time is quoted. The library knows that itself, but any package can switch it off for the process, and tap does. */
const TIME: ScalarTag = {
  tag: 'tag:yaml.org,2002:timestamp',
  default: true,
  test: /^\d{4}-\d\d-\d\d/,
  identify: () => false,
  resolve: (text) => text,
}

/** Many readers still follow YAML 1.1, where a bare time is a date and a bare `y` is true: its rules quote both. */
const YAML = { version: '1.1' as const, lineWidth: 120, customTags: [TIME] }

/** `app.swagger()`: the document. Registered before the routes, which it watches. */
export default fp<{ version: string }>(
  async (app, { version }) => {
    for (const schema of namedSchemas()) app.addSchema(schema)
    await app.register(swagger, {
      openapi: {
        openapi: '3.0.3',
        info: {
          title: 'Latchkey',
          version,
          description: DESCRIPTION,
          license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
        },
        servers: [{ url: '/', description: 'where this document was found' }],
        tags: [...TAGS, ...COMPAT_TAGS.filter(({ name }) => app.config.compat.includes(name))],
        components: {
          securitySchemes: {
            bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token' },
            ...(app.config.compat.includes('flask-jwt-demo') && { singleUse: SINGLE_USE }),
          },
        },
      },
      refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json['$id'] ?? `def-${index}`) },
      transformObject: (document) => tidy('openapiObject' in document ? document.openapiObject : {}) as never,
    })

    const makeDocument = app.swagger
    let yaml: string | undefined
    app.swagger = ((options?: { yaml?: boolean }) => {
      if (!options?.yaml) return makeDocument()
      yaml ??= stringify(makeDocument(), YAML)
      return yaml
    }) as typeof makeDocument
  },
  { name: 'openapi' },
)
