import { createHash } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { nothing, text } from './contract.ts'
import { featuresOnly } from './guard.ts'

/** The contract itself, as the running service has it. */
const document: FastifyPluginAsyncTypebox = async (app) => {
  featuresOnly(app)

  app.route({
    method: 'GET',
    url: '/openapi.yaml',
    config: { feature: 'docs' },
    schema: {
      operationId: 'getContractYaml',
      summary: 'This contract as YAML',
      description: 'OpenAPI 3.0.3.',
      tags: ['Documentation'],
      security: [],
      response: { 200: text('application/yaml', 'The contract'), ...UNCHANGED },
    },
    handler: serving('application/yaml; charset=utf-8', () => app.swagger({ yaml: true })),
  })

  app.route({
    method: 'GET',
    url: '/openapi.json',
    config: { feature: 'docs' },
    schema: {
      operationId: 'getContractJson',
      summary: 'This contract as JSON',
      description: 'OpenAPI 3.0.3.',
      tags: ['Documentation'],
      security: [],
      response: {
        200: {
          description: 'The contract',
          content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } },
        },
        ...UNCHANGED,
      },
    },
    handler: serving('application/json; charset=utf-8', () => JSON.stringify(app.swagger())),
  })
}

const UNCHANGED = { 304: nothing('It is what the `ETag` in `If-None-Match` names') }

/** Answers with a text that is written once, when it is first asked for: most services are never asked. */
function serving(type: string, write: () => string) {
  let written: { body: Buffer; etag: string } | undefined
  return async ({ headers }: FastifyRequest, reply: FastifyReply): Promise<never> => {
    written ??= withTag(Buffer.from(write()))
    const { body, etag } = written
    reply.header('etag', etag).header('cache-control', 'no-cache')
    // a proxy that compresses makes a weak one of it
    const isKnown = headers['if-none-match']?.split(',').some((known) => known.trim().replace(/^W\//, '') === etag)
    return (isKnown ? reply.code(304).send() : reply.type(type).send(body)) as never
  }
}

/** RFC 9110, section 8.8.3. */
function withTag(body: Buffer) {
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
}

export default document
