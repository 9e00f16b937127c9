/** Bare Fastify with one route: the answer is the document in `BODY`, written out by the schema of ours. */
import Fastify from 'fastify'
import { User } from '../../src/accounts/schema.ts'
import { namedSchemas, ref } from '../../src/schemas.ts'

const user: unknown = JSON.parse(process.env['BODY'] ?? '')
const app = Fastify()
for (const schema of namedSchemas()) app.addSchema(schema)
app.get('/', { schema: { response: { 200: ref(User) } } }, async () => user)
process.stderr.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
