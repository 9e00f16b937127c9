import fp from 'fastify-plugin'

/**
 * Where requests come from. Says once that addresses are forwarded by somebody whom `TRUST_PROXY` does not name: the header is ignored, so that
 * all clients behind a proxy of one's own are counted as one.
 */
export default fp(
  async (app) => {
    // asked while it is there, and kept by Node: one that has gone has no address
    app.server.on('connection', (socket) => void socket.remoteAddress)
    // a number of hops is the operator's word that all of them may say it
    if (typeof app.config.trust_proxy === 'number') return
    let isTold = false
    app.addHook('onRequest', (request, _reply, done) => {
      if (!isTold && request.headers['x-forwarded-for'] !== undefined && request.ip === request.socket.remoteAddress) {
        isTold = true
        request.log.warn({ peer: request.ip }, 'X-Forwarded-For is ignored: TRUST_PROXY does not name who sent it')
      }
      done()
    })
  },
  { name: 'forwarded' },
)
