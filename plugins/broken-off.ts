import fp from 'fastify-plugin'
import { canonicalAddress } from '../src/passwords/network.ts'

/**
 * One line for a request whose client has gone before it was answered, in place of the line of an answer, which is never
 * written then. The address is there if something has asked for it while the connection was open.
 */
export default fp(
  async (app) => {
    app.addHook('onRequestAbort', (request, done) => {
      const { method, url, ip } = request
      request.log.info(
        { method, path: url.split('?', 1)[0], ip: canonicalAddress(ip) },
        'the client broke its request off',
      )
      done()
    })
  },
  { name: 'broken-off' },
)
