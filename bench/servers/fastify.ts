/**
 * Bare Fastify with one route. The answer is the document in `BODY`, written out by the schema of ours; without one it
 * is 204 with the headers in `HEADERS`.
 */
import Fastify from 'fastify'
import { User } from '../../src/accounts/schema.ts'
import { namedSchemas, ref } from '../../src/schemas.ts'

const { BODY, HEADERS = '{}' } = process.env
const headers: Record<string, string> = JSON.parse(HEADERS)
const app = Fastify()
if (BODY === undefined) {
  app.get('/', async (_request, reply) => reply.code(204).headers(headers).send(null))
} else {
  const user: unknown = JSON.parse(BODY)
  for (const schema of namedSchemas()) app.addSchema(schema)
  app.get('/', { schema: { response: { 200: ref(User) } } }, async () => user)
}
process.stderr.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
