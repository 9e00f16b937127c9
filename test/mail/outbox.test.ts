import t from 'tap'
import { inTransaction } from '../../src/db/transaction.ts'
import { linkTo } from '../../src/mail/links.ts'
import type { Message, Template } from '../../src/mail/messages.ts'
import { enqueueMail } from '../../src/mail/outbox.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { mailsOf, mailTo } from '../support/mail.ts'
import { eventually } from '../support/wait.ts'

const ADDRESS = 'ada@example.org'

function enqueue<T extends Template>(
  app: TestApp,
  message: Pick<Message<T>, 'template' | 'data'> & Partial<Message<T>>,
) {
  return inTransaction(app.db, (tx) =>
    enqueueMail(tx, app, { to: ADDRESS, uid: null, locale: null, ...message } as Message<T>),
  )
}

const rows = (app: TestApp) => app.db.selectFrom('outbox').selectAll().execute()

t.test('a message leaves after the commit, with its link, and its row goes', async (t) => {
  const app = await startApp(t, { APP_URL: 'https://app.example.org' })
  const link = linkTo(app, 'reset-password', 'a-token')
  t.equal(link, 'https://app.example.org/reset-password?token=a-token')
  await enqueue(app, { template: 'password-reset', data: { link, expires_at: app.now() + 60_000, name: 'Ada' } })
  const mail = await mailTo(app, 'password-reset', ADDRESS)
  t.equal(mail.subject, 'Choose a new password')
  t.equal(mail.link, link)
  t.equal(mail.token, 'a-token')
  t.match(mail.text, /^Hello Ada,\n/)
  t.match(mail.text, 'January 31, 2026 at 8:16 AM UTC')
  t.match(mail.html, `href="${link}"`)
  await eventually(async () => (await rows(app)).length === 0)
  t.notMatch(app.logged(), 'a-token')
})

t.test('a transaction that is rolled back sends nothing', async (t) => {
  const app = await startApp(t)
  const data = { link: 'https://x.example/?token=t', expires_at: app.now() + 60_000 }
  const failing = inTransaction(app.db, async (tx) => {
    await enqueueMail(tx, app, { to: ADDRESS, uid: null, locale: null, template: 'email-verify', data })
    throw new Error('not this time')
  })
  await t.rejects(failing, { message: 'not this time' })
  await enqueue(app, { template: 'sign-in-link', data })
  await mailTo(app, 'sign-in-link', ADDRESS)
  t.equal((await mailsOf(app)).length, 1)
})
