/** The least that a service on Fastify can be: one route, listening on `PORT`. */
import Fastify from 'fastify'

const app = Fastify()
app.get('/', async () => ({ status: 'ok' }))
const url = await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) })
process.stderr.write(`${url}\n`)
