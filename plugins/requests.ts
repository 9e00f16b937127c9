import { isUtf8 } from 'node:buffer'
import { hostname } from 'node:os'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from 'pino'
import { Failure } from '../src/errors.ts'
import type { LogOutput } from '../src/operation/log.ts'

/** JSON and nothing else comes in, and one log line a request goes out. */
export default fp<{ output: LogOutput }>(
  async (app, { output }) => {
    app.removeAllContentTypeParsers()
    const parse = app.getDefaultJsonParser('error', 'error')
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
      // clients that always send the header also send it with calls that have no body
      if (body.length === 0) done(null, undefined)
      // decoding would put one character in the place of every broken byte, and make one password of many
      else if (!isUtf8(body))
        done(new Failure('malformed_json', { detail: 'It is not UTF-8 (RFC 8259, section 8.1).' }))
      else parse(request, body.toString(), done)
    })

    app.decorate('logRequest', requestLog(app, output))
    app.addHook('onResponse', (request, reply, done) => {
      app.logRequest(request, reply)
      done()
    })
  },
  { name: 'requests' },
)

/**
 * Writes the line of a request that was answered. Put together here, since it is the same members each time: the
 * logger's general way took a third of the time of an authenticated request.
 */
function requestLog(app: FastifyInstance, output: LogOutput): FastifyInstance['logRequest'] {
  const log = app.log as Logger
  if (!log.isLevelEnabled('info')) return () => {}
  const write = output.collect ?? output.write
  const level = log.levels.values['info']
  const origin = `"pid":${process.pid},"hostname":${JSON.stringify(hostname())}`

  return ({ id, method, url, ip, session }, reply) => {
    // without the query: it may hold what somebody typed
    const path = JSON.stringify(url.split('?', 1)[0])
    const ms = Math.round(reply.elapsedTime * 100) / 100
    // a client that has gone before the answer has no address any more
    const from = ip === undefined ? '' : `"ip":${JSON.stringify(ip)},`
    const sub = session ? `"sub":"${session.account.uid}",` : ''
    write(
      `{"level":${level},"time":${Date.now()},${origin},"reqId":"${id}","method":"${method}","path":${path},` +
        `"status":${reply.statusCode},"ms":${ms},${from}${sub}"msg":"request"}\n`,
    )
  }
}
