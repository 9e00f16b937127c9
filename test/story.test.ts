/**
 * The life of an account, as its owner and its operator see it: a service on a real port, messages over real SMTP, links
 * followed in a real browser, the log verified by the command line beside the running service.
 */
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { openDatabase } from '../src/db/open.ts'
import { type Environment, isLeftOut, type Tokens, testEnvironment } from './support/app.ts'
import { launch, watchPage } from './support/browser.ts'
import { commandLine } from './support/command-line.ts'
import type { Mail } from './support/mail.ts'
import { call, startService } from './support/service.ts'
import { type SmtpInbox, startSmtp } from './support/smtp.ts'
import { eventually } from './support/wait.ts'

const ADA = { username: 'ada.lovelace', email: 'ada@example.org', password: 'seven quiet engines at noon' }
const NEW_PASSWORD = 'a kettle, two maps and some rain'

const LAPTOP = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }
const PHONE = {
  'user-agent': 'Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36',
}

const skip = isLeftOut('chromium') && 'there is no chromium'

t.test('from the registration to a log that cannot be altered unseen', { skip }, async (t) => {
  const inbox = await startSmtp(t)
  const environment = testEnvironment(t, { ...inbox.environment, PASSWORD_POLICY: 'strict', RATE_LIMIT: 'on' })
  const { api } = await startService(t, environment)
  const page = await (await launch(t)).newPage()
  const complaints = watchPage(page, new URL(api).origin)

  const registered = await call<Tokens>(`${api}/auth/register`, ADA, LAPTOP)
  t.equal(registered.status, 201)
  const first = registered.body

  const verification = await arrival(inbox, '/verify-email')
  await follow(page, verification, undefined, 403)
  t.match((await me(api, first)).body, { email_verified: false }, 'the link alone proves nothing')
  complaints.length = 0
  await page.getByLabel('Password', { exact: true }).fill(ADA.password)
  await page.getByRole('button', { name: 'Verify this address' }).click()
  await page.getByRole('heading', { name: 'The address is verified' }).waitFor()
  t.match((await me(api, first)).body, { email_verified: true }, 'the link in the message proves the address')

  t.equal((await call(`${api}/auth/password/forgot`, { email: ADA.email })).status, 202)
  await follow(page, await arrival(inbox, '/reset-password'), NEW_PASSWORD)

  t.equal((await me(api, first)).status, 401, 'the session from before has ended')
  t.equal((await call(`${api}/auth/refresh`, { refresh_token: first.refresh_token })).status, 401)
  t.equal((await signIn(api, ADA.password, LAPTOP)).status, 401, 'and the old password with it')

  const { status, body: second } = await signIn(api, NEW_PASSWORD, PHONE)
  t.equal(status, 200)
  const notice = await arrival(inbox, '/end-session')
  t.equal(notice.recipient, ADA.email)
  t.match(notice.text, /Chrome/, 'who signs in from elsewhere is told of')

  const { body: activity } = await call<{ items: { action: string; outcome: string }[] }>(
    `${api}/users/me/activity?limit=100`,
    undefined,
    bearer(second),
  )
  const seen = activity.items.map(({ action, outcome }) => `${action} ${outcome}`)
  for (const event of [
    'account.create success',
    'email.verify success',
    'password.reset success',
    'session.end success',
    'session.start failure',
    'session.start success',
  ])
    t.ok(seen.includes(event), `the owner sees ${event} among ${seen.join(', ')}`)

  t.strictSame(complaints, [], 'the pages keep to their policy and to themselves')
  await verifyLog(t, environment)
})

/** The message with a link to this page, once it is there. */
async function arrival(inbox: SmtpInbox, place: string): Promise<Mail> {
  const find = () => inbox.mails.find(({ link }) => link !== '' && new URL(link).pathname === place)
  await eventually(async () => find() !== undefined, 30_000)
  return find() as Mail
}

/** Opens the link of a message, fills in what it asks for, and sends it. */
async function follow(page: Page, { link }: Mail, password?: string, expected = 200): Promise<void> {
  await page.goto(link)
  if (password !== undefined) await page.locator('input[type=password]').fill(password)
  const answered = page.waitForResponse((response) => response.request().method() === 'POST')
  await page.locator('button').click()
  const status = (await answered).status()
  if (status !== expected) throw new Error(`the page answered ${status}`)
}

const bearer = ({ access_token }: Tokens) => ({ authorization: `Bearer ${access_token}` })

const me = (api: string, tokens: Tokens) => call(`${api}/users/me`, undefined, bearer(tokens))

const signIn = (api: string, password: string, device: Record<string, string>) =>
  call<Tokens>(`${api}/auth/login`, { identifier: ADA.username, password }, device)

/** The log is whole; after one byte was changed in the database the row is named. */
async function verifyLog(t: Test, environment: Environment): Promise<void> {
  const { latchkey } = commandLine(t, environment)
  const clean = await latchkey('audit', 'verify')
  t.equal(clean.code, 0, clean.stderr)
  const { db } = openDatabase(environment['DATABASE_URL'] ?? '')
  t.teardown(() => db.destroy())
  const { id, request_id } = await db
    .selectFrom('audit_events')
    .select(['id', 'request_id'])
    .where('action', '=', 'password.reset')
    .where('outcome', '=', 'success')
    .executeTakeFirstOrThrow()
  await db
    .updateTable('audit_events')
    .set({ request_id: changeOneByte(request_id ?? '') })
    .where('id', '=', id)
    .execute()
  const altered = await latchkey('audit', 'verify')
  t.equal(altered.code, 1)
  t.match(altered.stderr, `${id} was altered`)
}

const changeOneByte = (text: string) => text.slice(0, -1) + (text.endsWith('x') ? 'y' : 'x')
