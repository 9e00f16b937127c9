import { isUtf8 } from 'node:buffer'
import fp from 'fastify-plugin'
import { Failure } from '../src/errors.ts'

/** JSON and nothing else comes in. */
export default fp(
  async (app) => {
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
  },
  { name: 'requests' },
)
