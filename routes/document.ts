import { createHash } from 'node:crypto'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { featuresOnly } from './guard.ts'

/** The contracts, as the running service has them. No contract lists these calls: nobody has a client for them. */
const document: FastifyPluginAsync = async (app) => {
  featuresOnly(app)
  const serve = (url: string, type: string, write: () => string) =>
    app.get(url, { config: { feature: 'docs' }, schema: { hide: true } }, serving(`${type}; charset=utf-8`, write))

  const { main, compat } = app.contracts
  for (const [place, contract] of [
    ['/openapi', main],
    ['/openapi-compat', compat],
  ] as const) {
    if (!contract) continue
    serve(`${place}.yaml`, 'application/yaml', contract.yaml)
    serve(`${place}.json`, 'application/json', () => JSON.stringify(contract.document()))
  }
  if (main) serve('/openapi-3.1.json', 'application/json', () => JSON.stringify(main.openapi31()))
}

/** Answers with a text that is written once, when it is first asked for: most services are never asked. */
function serving(type: string, write: () => string) {
  let written: { body: Buffer; etag: string } | undefined
  return async ({ headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    written ??= withTag(Buffer.from(write()))
    const { body, etag } = written
    reply.header('etag', etag).header('cache-control', 'no-cache')
    // a proxy that compresses makes a weak one of it
    const isKnown = headers['if-none-match']?.split(',').some((known) => known.trim().replace(/^W\//, '') === etag)
    return isKnown ? reply.code(304).send() : reply.type(type).send(body)
  }
}

/** RFC 9110, section 8.8.3. */
function withTag(body: Buffer) {
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
}

export default document
