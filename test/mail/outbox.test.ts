import t from 'tap'
import { inTransaction } from '../../src/db/transaction.ts'
import { createSmtpCarrier } from '../../src/mail/carrier.ts'
import { enqueueMail } from '../../src/mail/enqueue.ts'
import { linkTo } from '../../src/mail/links.ts'
import { PATIENCE } from '../../src/mail/outbox.ts'
import { createSender } from '../../src/mail/sender.ts'
import { registerSomebody, startApp, type TestApp, testEnvironment } from '../support/app.ts'
import { enqueue, mailsOf, mailTo, messageOf, verification } from '../support/mail.ts'
import { matchLists } from '../support/match.ts'
import { startSmtp } from '../support/smtp.ts'
import { eventually } from '../support/wait.ts'

const ADDRESS = 'ada@example.org'

const rowsOf = (app: TestApp) => app.db.selectFrom('outbox').selectAll().execute()

const isEmpty = (app: TestApp) => eventually(async () => (await rowsOf(app)).length === 0)

const abandoned = (app: TestApp) =>
  app.db.selectFrom('audit_events').selectAll().where('action', '=', 'mail.abandon').execute()

/** Lets the pause after a failure pass, and looks again. */
function tryAgain(app: TestApp, pause = 20_000): void {
  app.clock.advance(pause)
  app.mailer.wake()
}

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
  await isEmpty(app)
  t.notMatch(app.logged(), 'a-token')
})

t.test('a transaction that is rolled back sends nothing', async (t) => {
  const app = await startApp(t)
  const failing = inTransaction(app.db, async (tx) => {
    await enqueueMail(tx, app, messageOf(verification(app)))
    throw new Error('not this time')
  })
  await t.rejects(failing, { message: 'not this time' })
  await enqueue(app, { ...verification(app), template: 'sign-in-link' })
  await mailTo(app, 'sign-in-link', ADDRESS)
  t.equal((await mailsOf(app)).length, 1)
})

t.test('over SMTP a message has a sender, both forms, and headers that keep machines from answering', async (t) => {
  const smtp = await startSmtp(t, { user: 'shop@example.org', password: 'p:/@ß' })
  const app = await startApp(t, smtp.environment)
  await enqueue(app, verification(app))
  await isEmpty(app)
  const [mail] = smtp.mails
  matchLists(t, mail, {
    from: { name: 'The Shop', address: 'shop@example.org' },
    to: [{ name: '', address: ADDRESS }],
    subject: 'Verify your e-mail address',
    token: 'a-token',
    html: /<a href="https:\/\/app\.example\.org\/verify-email\?token=a-token"/,
    messageId: /^<[\w-]{32}@example\.org>$/,
  })
  t.ok(mail?.headers.some(({ key, value }) => key === 'auto-submitted' && value === 'auto-generated'))
  t.match(app.counts.mail, { sent: 1, failed: 0, abandoned: 0 })
})

t.test('what waits to be sent cannot be read in the database, nor be sent to anybody else', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'busy'
  const app = await startApp(t, smtp.environment)
  await enqueue(app, verification(app))
  await eventually(() => app.counts.mail.failed === 1)
  const [row] = await rowsOf(app)
  t.notMatch(Buffer.from(row?.data ?? '', 'base64url').toString(), 'a-token')
  await app.db.updateTable('outbox').set({ recipient: 'mallory@example.org' }).execute()
  smtp.mode = 'take'
  tryAgain(app)
  await isEmpty(app)
  t.strictSame(smtp.mails, [])
  matchLists(t, await abandoned(app), [{ actor: 'system', outcome: 'failure', cause: 'unreadable' }])
})

t.test('nobody waits for a slow server', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'hold'
  const app = await startApp(t, smtp.environment)
  await enqueue(app, verification(app))
  await eventually(() => smtp.attempts === 1)
  t.strictSame(smtp.mails, [], 'the change is made, and the message is on its way')
  const [row] = await rowsOf(app)
  t.ok(Number(row?.due_at) > app.now() + 60_000, 'and nobody else takes it meanwhile')
  smtp.release()
  await isEmpty(app)
  t.equal(smtp.mails.length, 1)
})

t.test('a server that is busy is asked again, after a pause that grows', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'busy'
  const app = await startApp(t, smtp.environment)
  await enqueue(app, verification(app))
  for (const [failures, least] of [15_000, 30_000, 60_000, 120_000].entries()) {
    await eventually(async () => (await rowsOf(app))[0]?.attempts === failures + 1 && app.counts.mail.failed > failures)
    const wait = Number((await rowsOf(app))[0]?.due_at) - app.now()
    t.ok(wait >= least && wait <= 1.25 * least, `${wait} ms`)
    app.mailer.wake()
    tryAgain(app, 1.25 * least)
  }
  await eventually(() => app.counts.mail.failed === 5)
  smtp.mode = 'take'
  tryAgain(app, 300_000)
  await isEmpty(app)
  t.equal(smtp.mails.length, 1)
  t.equal(smtp.attempts, 6)
  t.strictSame(await abandoned(app), [])
})

t.test('a server that says nothing is left alone in time, and asked again', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'stall'
  const app = await startApp(t, smtp.environment)
  const { audit, config, db, mailer, now } = app
  await enqueue({ audit, config, db, now, mailer: { ...mailer, wake() {} } }, verification(app))
  const sender = createSender(app, () => createSmtpCarrier(config), 200)
  t.teardown(() => sender.close())
  sender.wake()
  await eventually(() => app.counts.mail.failed === 1)
  t.match(app.logged(), 'a message could not be sent')
  smtp.release()
  app.clock.advance(20_000)
  sender.wake()
  await isEmpty(app)
  t.equal(smtp.mails.length, 1, 'what was broken off did not arrive as well')
})

t.test('a message that is refused for good is given up, and the audit log says so', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'refuse'
  const app = await startApp(t, smtp.environment)
  await enqueue(app, { ...verification(app), uid: 'somebody' })
  await isEmpty(app)
  const [event] = await abandoned(app)
  t.match(event, { actor: 'system', subject: 'somebody', outcome: 'failure', cause: 'refused' })
  t.strictSame(JSON.parse(event?.details ?? ''), { template: 'email-verify', attempts: 1, status: 550 })
  await eventually(() => app.counts.mail.abandoned === 1)
  t.notMatch(app.logged(), ADDRESS)
})

t.test('a server that takes nothing from our sender is no reason to give a message up', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'refuse-sender'
  const app = await startApp(t, smtp.environment)
  await enqueue(app, verification(app))
  await eventually(() => app.counts.mail.failed === 1)
  t.equal((await rowsOf(app)).length, 1)
  t.strictSame(await abandoned(app), [])
  smtp.mode = 'take'
  tryAgain(app)
  await isEmpty(app)
  t.strictSame(smtp.recipients, [ADDRESS])
})

t.test('a server that dies in mid-message gets the message again, once, under the same id', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'cut'
  const app = await startApp(t, smtp.environment)
  await enqueue(app, verification(app))
  await eventually(() => app.counts.mail.failed === 1)
  smtp.mode = 'forget'
  tryAgain(app)
  await eventually(() => app.counts.mail.failed === 2)
  smtp.mode = 'take'
  tryAgain(app, 60_000)
  await isEmpty(app)
  t.equal(smtp.attempts, 3)
  t.equal(smtp.mails.length, 2, 'whether it took a message before it died, nobody can know')
  t.equal(smtp.mails[0]?.messageId, smtp.mails[1]?.messageId, 'but its readers can see that it is the same')
})

t.test('a server that lets nobody in is no reason to give a message up', async (t) => {
  for (const [what, options, url] of [
    ['another password', { user: 'shop', password: 'right' }, (url: string) => url.replace('right', 'wrong')],
    ['a certificate that nobody vouches for', { secure: true }, (url: string) => url],
    ['nobody there', {}, () => 'smtp://127.0.0.1:1'],
  ] as const) {
    const { environment } = await startSmtp(t, options)
    const app = await startApp(t, { ...environment, SMTP_URL: url(environment.SMTP_URL) })
    await enqueue(app, verification(app))
    await eventually(() => app.counts.mail.failed === 1)
    t.equal((await rowsOf(app)).length, 1, what)
    t.match(app.logged(), 'a message could not be sent', what)
    t.match(app.logged(), '"kind":"trouble"', `${what}: no other message would fare better`)
    t.strictSame(await abandoned(app), [], what)
  }
})

t.test('a message is given up after three days, and a link that has expired is not sent', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'busy'
  const app = await startApp(t, smtp.environment)
  await enqueue(app, { ...verification(app), uid: 'early' })
  await enqueue(app, { template: 'password-changed', uid: 'late', data: { at: app.now() } })
  await eventually(() => app.counts.mail.failed === 2)
  tryAgain(app, PATIENCE)
  await isEmpty(app)
  const events = await abandoned(app)
  t.strictSame(
    new Set(events.map(({ subject, cause }) => `${subject}: ${cause}`)),
    new Set(['early: expired', 'late: undeliverable']),
  )
})

t.test('production without a server says so in one line, and writes nothing down', async (t) => {
  const app = await startApp(t, { NODE_ENV: 'production' })
  await enqueue(app, verification(app))
  t.strictSame(await rowsOf(app), [])
  t.equal(app.logged().match(/SMTP_URL is not set/g)?.length, 1)
})

t.test('what waits for an account goes with it', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'busy'
  const app = await startApp(t, smtp.environment)
  const [gone, other] = [await registerSomebody(app), await registerSomebody(app)]
  await eventually(() => app.counts.mail.failed === 2)
  const url = '/api/v1/users/me'
  t.equal((await app.inject({ method: 'DELETE', url, headers: gone.authorization })).statusCode, 204)
  t.strictSame(
    (await rowsOf(app)).map(({ recipient }) => recipient),
    [other.email],
  )
})

t.test('a stop lets the message on its way arrive', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'hold'
  const environment = testEnvironment(t, smtp.environment)
  const app = await startApp(t, environment)
  await enqueue(app, verification(app))
  await eventually(() => smtp.attempts === 1)
  const closing = app.close()
  smtp.release()
  await closing
  const next = await startApp(t, environment)
  t.strictSame(await rowsOf(next), [])
  t.equal(smtp.mails.length, 1)
})
