import type { FastifyPluginAsync } from 'fastify'
import { isMailOn } from '../../src/mail/mailer.ts'
import { countAs, keepOutOfCaches } from '../guard.ts'
import { addMailPages } from './by-mail.ts'
import { takeForms } from './form.ts'
import { POLICY } from './layout.ts'
import { addNoticePages } from './notices.ts'
import { servePages } from './page.ts'

/**
 * Pages for who follows a link in a message, unless `APP_URL` names a front end that has them. They work without script.
 * The token in the form is all that counts: no cookie stands for anybody, so a foreign page cannot make a browser act for
 * its owner.
 */
const pages: FastifyPluginAsync = async (app) => {
  if (app.config.app_url !== undefined || !isMailOn(app)) return
  keepOutOfCaches(app)
  takeForms(app)
  countAs(app, (method) => (method === 'POST' ? 'code' : 'public'))
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('content-security-policy', POLICY).header('vary', 'accept-language')
    done()
  })
  const add = servePages(app)
  addMailPages(app, add)
  addNoticePages(app, add)
}

export default pages
