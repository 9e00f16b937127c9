/** The service as a mail bomb, and as a carrier of strangers' words. */
import t from 'tap'
import {
  type Environment,
  onEachStore,
  onPostgres,
  type Person,
  post,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
  testEnvironment,
} from '../support/app.ts'
import { askFor, countMails, proveFor, recipientsOf, registerProved } from '../support/by-mail.ts'
import { logIn, newAddress, onDevice } from '../support/guessing.ts'
import { enqueue, mailsOf, mailTo } from '../support/mail.ts'
import { getChallenge, solve } from '../support/solving.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** As it is delivered, but that no class of calls is in the way of an attack. */
const ON: Environment = {
  RATE_LIMIT: 'on',
  RATE_LIMITS: 'login=1000000/1m,write=1000000/1m,admin=1000000/1m,mail=1000000/1h,register=1000000/1h,code=1000000/1h',
  SIGN_IN_LINK: 'on',
  SIGN_IN_CODE: 'on',
  ACCESS_TOKEN_TTL: '3h',
  STEP_UP_AGE: '3h',
}
const only = (...limits: string[]): Environment => ({ ...ON, RATE_LIMITS: [ON['RATE_LIMITS'], ...limits].join() })

/** Asks for a message from a network that has asked for none. */
const ask = (app: TestApp, url: string, email: string) =>
  app.inject({ method: 'POST', url: `/api/v1${url}`, payload: { email }, remoteAddress: newAddress() })

const put = (app: TestApp, { authorization }: Person, payload: object) =>
  app.inject({ method: 'PUT', url: '/api/v1/users/me', headers: authorization, payload })

/** Changes a password so often, each time to another one. */
async function changePassword(app: TestApp, person: Person, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const new_password = `another password, number ${time}`
    const answer = await post(
      app,
      '/users/me/password',
      { current_password: person.password, new_password },
      person.authorization,
    )
    if (answer.statusCode !== 204) throw new Error(answer.body)
    person.password = new_password
  }
}

/** Signs in so often, each time as another program from another network. */
async function signInAnew(app: TestApp, { username, password }: Person, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const headers = { 'user-agent': `Mozilla/5.0 (Windows NT 10.0; rv:${time}) Firefox/${time}.0` }
    const { statusCode } = await logIn(app, { identifier: username, password, headers, remoteAddress: newAddress() })
    if (statusCode !== 200) throw new Error(`signing in was answered ${statusCode}`)
  }
}

const withheld = (app: TestApp) =>
  app.db.selectFrom('audit_events').selectAll().where('action', '=', 'mail.withhold').execute()

t.test('who registers with a stranger’s address has nothing sent there but what proves it', async (t) => {
  const app = await startApp(t, ON)
  const person = await registerSomebody(app)
  await changePassword(app, person, 15)
  await signInAnew(app, person, 15)
  for (const url of ['/auth/password/forgot', '/auth/sign-in/link', '/auth/sign-in/code']) {
    for (let time = 0; time < 6; time += 1) await ask(app, url, person.email)
    await app.mailRequests.settle()
  }
  await countMails(app)
  const mails = await mailsOf(app)
  t.equal(mails.length, 8, 'an hour, everything together')
  for (const { subject = '' } of mails) t.notMatch(subject, /changed|new device|limited|happened/)
  app.clock.advance(59 * MINUTE)
  await askForMore(app, person.email)
  t.equal(await countMails(app), 8, 'the hour slides')
  app.clock.advance(2 * MINUTE)
  await askForMore(app, person.email)
  t.ok((await countMails(app)) > 8)
})

async function askForMore(app: TestApp, email: string): Promise<void> {
  await ask(app, '/auth/email/verification/request', email)
  await app.mailRequests.settle()
}

t.test('notices that are too many come in one message, which leaves none out', async (t) => {
  const app = await startApp(t, ON)
  const person = await registerProved(app)
  await countMails(app)
  const before = (await mailsOf(app)).length
  await changePassword(app, person, 20)
  await signInAnew(app, person, 10)
  t.equal((await app.db.selectFrom('outbox').selectAll().where('template', '=', 'security-digest').execute()).length, 1)
  t.equal((await app.db.selectFrom('proofs').selectAll().where('purpose', '=', 'session-end').execute()).length, 3)
  for (const template of ['password-changed', 'new-device']) await mailTo(app, template, person.email, 3)
  app.clock.advance(HOUR)
  app.mailer.wake()
  const digest = await mailTo(app, 'security-digest', person.email)
  t.match(digest.subject, 'What happened at your account')
  t.match(digest.text, /^Hello user/)
  t.match(digest.text, /Password changed: 17 times, last: .* UTC/)
  t.match(digest.text, /Sign-in from a new device: 7 times, last: .* UTC, 10\.[\d.]+, Firefox, Windows/)
  t.equal(await countMails(app), before + 7)
  t.strictSame(await withheld(app), [], 'nothing was withheld')
  t.equal(app.counts.withheld.mail_notices, 24)
  await changePassword(app, person, 1)
  await mailTo(app, 'password-changed', person.email, 4)
})

t.test('a change of the address is told, whatever else is, and its link is never left out', async (t) => {
  const app = await startApp(t, only('mail_notices=4/1h'))
  const person = await registerProved(app)
  await changePassword(app, person, 5)
  await signInAnew(app, person, 5)
  for (const [address, count] of [
    ['mallory@example.net', 1],
    [person.email, 1],
    ['mallory@example.com', 2],
  ] as const) {
    t.equal((await put(app, person, { email: address })).statusCode, 200)
    const { token } = await mailTo(app, 'email-change-confirm', address, Math.min(count, 1))
    t.equal((await post(app, '/auth/email/change/confirm', { token }, person.authorization)).statusCode, 204)
  }
  t.equal((await mailTo(app, 'email-changed', person.email)).recipient, person.email, 'the first by itself')
  app.clock.advance(HOUR)
  app.mailer.wake()
  const { text = '', token } = await mailTo(app, 'security-digest', person.email)
  t.match(text, /Address changed: /)
  t.equal((await post(app, '/auth/email/change/undo', { token })).statusCode, 204)
})

t.test('one account writes to thirty strangers an hour, and is told when it has', async (t) => {
  const app = await startApp(t, ON)
  const person = await registerSomebody(app, { name: 'Call +49 30 123456, you have won' })
  const statuses: number[] = []
  for (let stranger = 0; stranger < 40; stranger += 1)
    statuses.push((await put(app, person, { email: `stranger${stranger}@example.net` })).statusCode)
  t.strictSame(statuses, [...Array(30).fill(200), ...Array(10).fill(429)])
  const refused = await put(app, person, { email: 'one.more@example.net' })
  t.match(refused.json(), { code: 'rate_limited' })
  t.ok(Number(refused.headers['retry-after']) > 0)
  t.equal((await put(app, person, { name: 'Ada' })).statusCode, 200, 'what sends nothing goes on')
  t.equal(new Set(await recipientsOf(app, 'email-change-confirm')).size, 30)
  const events = await withheld(app)
  t.equal(events.length, 1, 'one event for all that was refused')
  t.match(events[0], { outcome: 'failure', cause: 'mail_recipients', subject: events[0]?.actor })
  t.equal(app.counts.withheld.mail_recipients, 11)
  app.clock.advance(HOUR)
  t.equal((await put(app, person, { email: 'one.more@example.net' })).statusCode, 200)
})

t.test('an administrator invites as few, and an invitation that is not sent leaves the older one good', async (t) => {
  const app = await startApp(t, only('mail_recipients=3/1h', 'mail_unproved=2/1h'))
  const admin = await registerAdmin(app)
  const invite = (email: string) => post(app, '/invitations', { email }, admin.authorization)
  t.equal((await invite('ada@example.net')).statusCode, 201)
  t.equal((await invite('ada@example.net')).statusCode, 201)
  const { token } = await mailTo(app, 'invitation', 'ada@example.net', 2)
  t.equal((await invite('ada@example.net')).json().code, 'rate_limited', 'the address has had enough')
  for (const [name, status] of [
    ['b', 201],
    ['c', 201],
    ['d', 429],
  ] as const)
    t.equal((await invite(`${name}@example.net`)).statusCode, status)
  const accepted = await post(app, '/auth/invitations/accept', { token, ...withoutAddress() })
  t.equal(accepted.statusCode, 201, 'the second is as good as before')
})

function withoutAddress() {
  const { username, password } = somebody()
  return { username, password }
}

for (const locale of ['en', 'de'])
  t.test(`${locale}: words of others reach nobody who has not proved an address`, async (t) => {
    const WORDS = 'Ruf Mallory an'
    for (const registration of ['open', 'verify-first']) {
      const app = await startApp(t, { ...ON, REGISTRATION: registration })
      const names = { username: 'ruf.mallory.an', name: WORDS, locale }
      await post(app, '/auth/register', somebody({ ...names }))
      await app.mailRequests.settle()
      if (registration === 'open') {
        const identifier = names.username
        const { password } = somebody()
        t.ok(password && identifier)
        const [owner] = await app.db.selectFrom('users').selectAll().execute()
        await post(app, '/auth/register', somebody({ email: owner?.email }))
        for (const url of ['password/forgot', 'email/verification/request', 'sign-in/link', 'sign-in/code'])
          await post(app, `/auth/${url}`, { email: owner?.email })
        const other = await registerSomebody(app, { name: WORDS, locale })
        await put(app, other, { email: 'victim@example.net' })
        await put(app, other, { email: owner?.email })
        const admin = await registerAdmin(app, { name: WORDS })
        await post(app, '/invitations', { email: 'guest@example.net' }, admin.authorization)
      }
      await countMails(app)
      const mails = await mailsOf(app)
      t.ok(mails.length >= (registration === 'open' ? 9 : 1), `${mails.length} messages`)
      for (const { subject, text, html, headers } of mails) {
        const all = [subject, text, html, ...headers.map(({ value }) => value)].join('\n')
        t.notMatch(all.toLowerCase(), /mallory/, String(subject))
      }
    }
  })

t.test('a message that is withheld voids nothing, is counted, and is recorded once', async (t) => {
  const app = await startApp(t, only('mail_strangers=1/1h', 'mail_unproved=1/1h'))
  const person = await registerProved(app)
  await countMails(app)
  app.clock.advance(HOUR)
  const { token } = await askFor(app, '/auth/password/forgot', person.email, 'password-reset')
  for (let time = 0; time < 3; time += 1) {
    t.equal((await ask(app, '/auth/password/forgot', person.email)).statusCode, 202)
    await app.mailRequests.settle()
  }
  t.equal((await recipientsOf(app, 'password-reset')).length, 1)
  t.equal(app.counts.withheld.mail_strangers, 3)
  const [event, ...more] = await withheld(app)
  t.strictSame(more, [])
  t.match(event, { cause: 'mail_strangers', actor: 'system' })
  t.strictSame(JSON.parse(event?.details ?? ''), { template: 'password-reset' })
  const reset = await post(app, '/auth/password/reset', { token, new_password: 'a quite different phrase' })
  t.equal(reset.statusCode, 204, 'the first link is as good as before')
  await mailTo(app, 'password-changed', person.email)
  t.pass('and who empties what strangers may ask for keeps no notice from its owner')
})

t.test('what was withheld was not sent: when the window is over, there is room for as much as before', async (t) => {
  const app = await startApp(t, only('mail_strangers=1/1h'))
  const { email } = await registerProved(app)
  app.clock.advance(HOUR)
  for (const [wait, sent] of [
    [0, 1],
    [59 * MINUTE, 1],
    [MINUTE, 2],
  ] as const) {
    app.clock.advance(wait)
    await ask(app, '/auth/password/forgot', email)
    await app.mailRequests.settle()
    t.equal((await recipientsOf(app, 'password-reset')).length, sent)
  }
  t.equal(app.counts.withheld.mail_strangers, 1)
})

t.test('whoever uses up what an address is sent leaves its owner, on a device that is known, what they ask for', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...ON, ...environment })
    const owner = (await registerProved(app)) as Person & { device_token: string }
    const before = await countMailsTo(app, owner.email)
    // what the owner has caused until here is forgotten
    app.clock.advance(HOUR)
    const urls = ['/auth/password/forgot', '/auth/sign-in/link', '/auth/sign-in/code']
    for (let network = 0; network < 100; network += 1) await ask(app, urls[network % 3] as string, owner.email)
    // strangers who are signed in have a purse too
    for (let account = 0; account < 10; account += 1)
      await put(app, await registerSomebody(app), { email: owner.email })
    const sent = await countMailsTo(app, owner.email)
    t.equal(sent - before, 15 + 10, 'both are empty')

    const asOwner = (url: string) => post(app, url, { email: owner.email }, onDevice(owner.device_token))
    for (const url of urls) t.equal((await asOwner(url)).statusCode, 202)
    t.equal(await countMailsTo(app, owner.email), sent + 3, 'a link, a code and a reset, and nothing for strangers')
    for (let time = 0; time < 20; time += 1) for (const url of urls) await asOwner(url)
    t.equal(await countMailsTo(app, owner.email), sent + 10, 'and that is bounded too')
  }),
)

t.test(
  'who has written to as many others as an account may is still sent what they ask for on their device',
  async (t) => {
    const app = await startApp(t, only('mail_recipients=1/1h'))
    const owner = (await registerProved(app)) as Person & { device_token: string }
    t.equal((await put(app, owner, { email: 'first@example.net' })).statusCode, 200)
    t.equal((await put(app, owner, { email: 'second@example.net' })).statusCode, 429)
    await post(app, '/auth/sign-in/code', { email: owner.email }, onDevice(owner.device_token))
    t.strictSame(await recipientsOf(app, 'sign-in-code'), [owner.email])
  },
)

/** How many messages an address has been sent within the last hour. */
async function countMailsTo(app: TestApp, email: string): Promise<number> {
  await countMails(app)
  return (await mailsOf(app)).filter(({ recipient }) => recipient === email).length
}

t.test('of many at once to one address, on two nodes, as many are sent as may be', async (t) => {
  const environment = testEnvironment(t, ON)
  const nodes = [await startApp(t, environment), await startApp(t, environment)]
  const sent = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      enqueue(nodes[index % 2] as TestApp, {
        template: 'email-verify',
        to: 'ada@example.net',
        isProved: false,
        data: { link: 'https://example.org', expires_at: 2 ** 42 },
        ...(index % 4 === 0 && { payer: { purse: 'members', account: `account ${index}` } }),
      }),
    ),
  )
  t.equal(sent.filter(Boolean).length, 8)
  const [first] = nodes
  t.equal((await recipientsOf(first as TestApp, 'email-verify')).length, 8)
})

t.test('when strangers have asked for enough, the next costs them a proof of work', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...only('mail_service=3/1h'), ...environment })
    // on Redis, other tests have counted in this window
    if (environment['REDIS_URL'])
      for (let time = 0; time < 4; time += 1) await app.ephemeral.count('mail:service', HOUR)
    else for (let time = 0; time < 3; time += 1) await post(app, '/auth/password/forgot', { email: somebody().email })
    const asking: [string, object][] = [
      ['/auth/password/forgot', { email: somebody().email }],
      ['/auth/email/verification/request', { email: somebody().email }],
      ['/auth/sign-in/link', { email: somebody().email }],
      ['/auth/sign-in/code', { email: somebody().email }],
      ['/auth/register', somebody()],
    ]
    for (const [url, body] of asking) {
      const refused = await post(app, url, body)
      t.equal(refused.statusCode, 403, url)
      t.equal(refused.json().code, 'challenge_required')
      const headers = solve(await getChallenge(app))
      t.ok([201, 202].includes((await post(app, url, body, headers)).statusCode), `${url}, solved`)
    }
    const headers = solve(await getChallenge(app))
    const again = () => post(app, '/auth/password/forgot', { email: somebody().email }, headers)
    t.strictSame([(await again()).statusCode, (await again()).statusCode], [202, 403], 'one answer for one message')
    t.ok(app.counts.withheld.mail_service >= 6)
    await t.rejects(registerSomebody(app), /challenge_required/)
    if (environment['REDIS_URL']) await app.ephemeral.take('mail:service').catch(() => {})
  }),
)

t.test('where nobody is asked for challenges, strangers wait; the signed-in do not', async (t) => {
  const app = await startApp(t, { ...only('mail_service=1/1h'), LOGIN_CHALLENGE: 'off' })
  const person = await registerSomebody(app)
  const refused = await post(app, '/auth/password/forgot', { email: person.email })
  t.equal(refused.json().code, 'rate_limited')
  t.ok(Number(refused.headers['retry-after']) > 0)
  t.equal((await put(app, person, { email: 'new@example.net' })).statusCode, 200)
  app.clock.advance(HOUR)
  t.equal((await post(app, '/auth/password/forgot', { email: person.email })).statusCode, 202)
})

t.test('in a minute of every call that sends, with the limits as they are delivered', async (t) => {
  const app = await startApp(t, { RATE_LIMIT: 'on', SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' })
  const [claimed, owned] = [await registerSomebody(app), await registerSomebody(app)]
  await proveFor(app, owned.email)
  const strangers = Array.from({ length: 130 }, (_, index) => `stranger${index}@example.net`)
  const statuses = new Set<number>()
  const note = ({ statusCode }: { statusCode: number }) => statuses.add(statusCode)
  for (let second = 0; second < 60; second += 1) {
    for (const { email } of [claimed, owned])
      for (const url of ['password/forgot', 'email/verification/request', 'sign-in/link', 'sign-in/code'])
        note(await post(app, `/auth/${url}`, { email }))
    for (const { username, password } of [claimed, owned]) {
      const headers = { 'user-agent': `Chrome/${second}` }
      note(await post(app, '/auth/login', { identifier: username, password }, headers))
    }
    await changePassword(app, owned, 1)
    note(await put(app, owned, { email: strangers[second * 2] }))
    note(await put(app, claimed, { email: strangers[second * 2 + 1] }))
    note(await post(app, '/auth/email/verification', {}, claimed.authorization))
    note(await post(app, '/auth/register', somebody({ email: claimed.email })))
    await app.mailRequests.settle()
    app.clock.advance(1000)
  }
  t.ok(statuses.has(429))
  app.clock.advance(HOUR)
  app.mailer.wake()
  await countMails(app)
  const to = new Map<string, number>()
  for (const { recipient } of await mailsOf(app)) to.set(recipient, (to.get(recipient) ?? 0) + 1)
  const mostUnproved = Math.max(...[...to].filter(([address]) => address !== owned.email).map(([, count]) => count))
  t.ok(mostUnproved <= 8, `${mostUnproved} to an address that nobody has proved`)
  t.ok((to.get(owned.email) ?? 0) <= 15 + 10 + 12 + 1, `${to.get(owned.email)} to a proved address`)
  t.ok((to.get(owned.email) ?? 0) >= 5)
  const heard = strangers.filter((address) => to.has(address))
  t.ok(heard.length <= 60, `${heard.length} strangers heard from two accounts`)
  for (const parity of [0, 1]) {
    const ofOne = heard.filter((address) => strangers.indexOf(address) % 2 === parity)
    // one of the two has asked for a message to its own address as well
    t.equal(ofOne.length + parity, 30, 'each from one of them')
  }
})

t.test('what is counted is bounded, and gone within the hour', async (t) => {
  if (onPostgres()) return
  const app = await startApp(t, ON)
  const rows = async () => (await app.db.selectFrom('mail_ledger').selectAll().execute()).length
  for (let index = 0; index < 60; index += 1) {
    await enqueue(app, { template: 'password-changed', to: `a${index}@example.org`, data: { at: app.now() } })
    app.clock.advance(2 * MINUTE)
  }
  t.ok((await rows()) <= 31, `${await rows()} rows`)
  const text = JSON.stringify(await app.db.selectFrom('mail_ledger').selectAll().execute())
  t.notMatch(text, 'example.org', 'nobody reads in it who was written to')
})
