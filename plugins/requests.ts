import fp from 'fastify-plugin'

/** JSON and nothing else comes in, one log line a request goes out, and a service that stops says so. */
export default fp(
  async (app) => {
    let stopping = false
    app.decorate('isStopping', () => stopping)
    app.decorate('beginStopping', () => {
      stopping = true
    })
    app.addHook('preClose', async () => {
      stopping = true
    })

    app.removeAllContentTypeParsers()
    const parse = app.getDefaultJsonParser('error', 'error')
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
      // clients that always send the header also send it with calls that have no body
      if (body === '') done(null, undefined)
      else parse(request, body as string, done)
    })

    app.addHook('onResponse', async (request, reply) => {
      request.log.info(
        {
          method: request.method,
          // without the query: it may hold what somebody typed
          path: request.url.split('?', 1)[0],
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime * 100) / 100,
          ip: request.ip,
          ...(request.session && { sub: request.session.account.uid }),
        },
        'request',
      )
    })
  },
  { name: 'requests' },
)
