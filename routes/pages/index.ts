import type { FastifyPluginAsync } from 'fastify'
import { Failure } from '../../src/errors.ts'
import { isMailOn } from '../../src/mail/mailer.ts'
import { countAs, keepOutOfCaches } from '../guard.ts'
import { senderOf } from '../sender.ts'
import { addMailPages } from './by-mail.ts'
import { takeForms } from './form.ts'
import { POLICY } from './layout.ts'
import { addNoticePages } from './notices.ts'
import { servePages } from './page.ts'

/**
 * What every page carries. The token is in the address of the page, so no more than the origin may be told to anybody; with
 * `no-referrer` browsers would send `Origin: null` with our own forms (Fetch, section 3.1).
 */
const HEADERS = { 'content-security-policy': POLICY, vary: 'accept-language', 'referrer-policy': 'strict-origin' }

/**
 * Pages for who follows a link in a message, unless `APP_URL` names a front end that has them. They work without script.
 * A form counts only if a page of the service's own sent it: a foreign page cannot make a browser act for its owner, or keep
 * a device that is the attacker's.
 * No cookie stands for anybody; that of who asked for a message is worth something together with the message's token alone.
 */
const pages: FastifyPluginAsync = async (app) => {
  if (app.config.app_url !== undefined || !isMailOn(app)) return
  keepOutOfCaches(app)
  takeForms(app)
  countAs(app, (method) => (method === 'POST' ? 'code' : 'public'))
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(HEADERS)
    done()
  })
  // after the call was counted, and before its body is read
  app.addHook('preParsing', async (request) => {
    if (request.method === 'POST' && senderOf(request) !== 'own') throw new Failure('cross_site_request')
  })
  const add = servePages(app)
  addMailPages(app, add)
  addNoticePages(app, add)
}

export default pages
