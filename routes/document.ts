import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { text } from './contract.ts'

/** The contract itself, as the running service has it. */
const document: FastifyPluginAsyncTypebox = async (app) => {
  app.route({
    method: 'GET',
    url: '/openapi.yaml',
    schema: {
      operationId: 'getContractYaml',
      summary: 'This contract as YAML',
      description: 'OpenAPI 3.0.3.',
      tags: ['Documentation'],
      security: [],
      response: { 200: text('application/yaml', 'The contract') },
    },
    handler: async (_request, reply) => reply.type('application/yaml; charset=utf-8').send(app.swagger({ yaml: true })),
  })

  app.route({
    method: 'GET',
    url: '/openapi.json',
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
      },
    },
    handler: async () => app.swagger() as never,
  })
}

export default document
