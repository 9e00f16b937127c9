import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { Failure } from '../../src/errors.ts'

/** A form with the longest of everything that a page asks for is shorter, in bytes. */
const LONGEST_FORM = 16_384

/** The routes of this scope take what a browser sends for a form, and nothing else. */
export function takeForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer', bodyLimit: LONGEST_FORM },
    (_request, body: Buffer, done) => {
      const form = isUtf8(body) ? parseForm(body.toString()) : undefined
      if (form) done(null, form)
      else done(new Failure('bad_request', { detail: 'The form is not URL-encoded UTF-8 with each field once.' }))
    },
  )
}

/**
 * The fields that were filled in. Read here, since the parsers there are put one character in the place of every broken
 * byte, which makes one password of many.
 */
function parseForm(text: string): Record<string, string> | undefined {
  const fields = new Map<string, string>()
  try {
    for (const pair of text.split('&').filter((each) => each !== '')) {
      const [name = '', value = ''] = pair.replaceAll('+', ' ').split(/=(.*)/s, 2).map(decodeURIComponent)
      if (fields.has(name)) return undefined
      fields.set(name, value)
    }
  } catch {
    return undefined
  }
  return Object.fromEntries([...fields].filter(([, value]) => value !== ''))
}
