/** Passwords cannot be tried at will: the waits grow, for everybody alike, and never for the owner's own device. */
import t, { type Test } from 'tap'
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
} from '../support/app.ts'
import { registerProved } from '../support/by-mail.ts'
import { hashed, logIn, newAddress, onDevice, TRIES_COUNT } from '../support/guessing.ts'
import { mailsOf, mailTo } from '../support/mail.ts'
import { METRICS_TOKEN, scrape } from '../support/scrape.ts'
import { eventually } from '../support/wait.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

const start = (t: Test, environment: Environment = {}) => startApp(t, { ...TRIES_COUNT, ...environment })

const guess = (app: TestApp, identifier: string, more = {}) =>
  logIn(app, { identifier, password: 'a wrong password', ...more })

/** Guesses until the owner has been told, which takes eleven. */
async function lockOut(app: TestApp, { username }: Pick<Person, 'username'>, times = 11): Promise<void> {
  for (let wrong = 0; wrong < times; ) {
    const { statusCode, headers } = await guess(app, username)
    if (statusCode === 401) wrong += 1
    else app.clock.advance(Number(headers['retry-after']) * SECOND)
  }
}

t.test(
  'after five wrong passwords the waits double, and whoever comes too early is refused before anything is hashed',
  (t) =>
    onEachStore(t, async (t, environment) => {
      const app = await start(t, environment)
      const person = await registerSomebody(app)
      for (let time = 0; time < 5; time += 1) t.equal((await guess(app, person.username)).statusCode, 401)
      for (const wait of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]) {
        const before = hashed(app)
        const refused = await guess(app, person.username)
        t.equal(refused.statusCode, 429)
        t.equal(refused.json().code, 'rate_limited')
        t.equal(refused.headers['retry-after'], String(wait))
        app.clock.advance(wait * SECOND - 1)
        const right = await logIn(app, { identifier: person.username, password: person.password })
        t.equal(right.statusCode, 429, 'the right password is no exception, or it could be told')
        t.equal(hashed(app), before)
        app.clock.advance(1)
        t.equal((await guess(app, person.username)).statusCode, 401)
      }
      app.clock.advance(15 * MINUTE)
      t.equal((await logIn(app, { identifier: person.username, password: person.password })).statusCode, 200)
    }),
)

t.test('a name that nobody has is answered alike', async (t) => {
  const app = await start(t)
  const person = await registerSomebody(app)
  const names = [person.username, person.email, somebody().username, somebody().email]
  for (const wait of [0, 0, 0, 0, 0, 1000, 0, 2000, 3000, 64_000]) {
    const answers = await Promise.all(names.map((name) => guess(app, name)))
    const shown = answers.map(({ statusCode, headers, body }) => ({
      statusCode,
      headers: Object.entries(headers).map(([name, value]) => [
        name,
        name === 'x-request-id' || name === 'date' ? '' : value,
      ]),
      body: body.replace(/"request_id":"[^"]+"/, ''),
    }))
    for (const other of shown) t.strictSame(other, shown[0])
    app.clock.advance(wait)
  }
})

t.test('a name that nobody has takes as many questions to the database', async (t) => {
  const app = await start(t, { METRICS: `token:${METRICS_TOKEN}` })
  const person = await registerSomebody(app)
  const asked = () => app.counts.database.statement.counts.reduce((sum, count) => sum + count, 0)
  const cost = async (name: string) => {
    const before = asked()
    t.equal((await guess(app, name)).statusCode, 401)
    return asked() - before
  }
  await guess(app, somebody().username)
  const known: number[] = []
  const unknown: number[] = []
  for (let time = 0; time < 4; time += 1) {
    known.push(await cost(person.username))
    unknown.push(await cost(somebody().username))
  }
  // the least, since what is done in the background asks now and then
  t.ok(Math.min(...known) > 5)
  t.equal(Math.min(...known), Math.min(...unknown))
})

t.test('of a hundred tries at once five are made', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await start(t, environment)
    const { username } = await registerSomebody(app)
    const before = hashed(app)
    const answers = await Promise.all(Array.from({ length: 100 }, () => guess(app, username)))
    const made = answers.filter(({ statusCode }) => statusCode === 401).length
    // a machine that is too busy to hear Redis in time counts by itself, and begins at nothing
    const alone = app.logged().split('counts by itself').length - 1
    t.ok(made >= 5 && made <= 5 * (1 + alone), `${made} were made`)
    t.equal(answers.filter(({ statusCode }) => statusCode === 429).length, 100 - made)
    t.equal(hashed(app) - before, made)
  }),
)

t.test('the owner’s device gets in while strangers wait, and has waits of its own', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await start(t, environment)
    const person = await registerSomebody(app)
    const headers = onDevice(String(person['device_token' as never]))
    await lockOut(app, person)
    t.equal((await guess(app, person.username)).statusCode, 429)
    const right = { identifier: person.username, password: person.password, headers }
    t.equal((await logIn(app, right)).statusCode, 200)
    t.equal((await logIn(app, { ...right, identifier: person.email })).statusCode, 200)
    t.equal((await guess(app, person.username)).statusCode, 429, 'that helps nobody else')

    for (let time = 0; time < 5; time += 1) t.equal((await guess(app, person.username, { headers })).statusCode, 401)
    const refused = await logIn(app, right)
    t.match(refused.headers, { 'retry-after': '1' }, 'nor is a stolen device a way to guess at will')
    app.clock.advance(SECOND)
    t.equal((await logIn(app, right)).statusCode, 200)
  }),
)

t.test('somebody else’s device, or an invented one, is no device of the owner', async (t) => {
  const app = await start(t)
  const [person, other] = [await registerSomebody(app), await registerSomebody(app)]
  await lockOut(app, person)
  const own = String(other['device_token' as never])
  for (const token of [own, `${own.slice(0, -3)}AAA`, 'lkd_', 'x', `lkd_${'A'.repeat(54)}`]) {
    const { statusCode } = await logIn(app, {
      identifier: person.username,
      password: person.password,
      headers: onDevice(token),
    })
    t.equal(statusCode, 429)
  }
})

t.test('a right password takes its own try back, and no other', async (t) => {
  const app = await start(t)
  const person = await registerSomebody(app)
  const right = { identifier: person.username, password: person.password }
  for (let time = 0; time < 4; time += 1) await guess(app, person.username)
  for (let time = 0; time < 10; time += 1) t.equal((await logIn(app, right)).statusCode, 200)
  t.equal((await guess(app, person.username)).statusCode, 401)
  t.equal((await logIn(app, right)).statusCode, 429)
})

t.test('what comes to another end than a wrong password is no try', async (t) => {
  const app = await start(t)
  const person = await registerSomebody(app)
  await app.db.updateTable('users').set({ disabled_at: app.now() }).where('username', '=', person.username).execute()
  const right = { identifier: person.username, password: person.password }
  for (let time = 0; time < 8; time += 1) {
    const { statusCode, body } = await logIn(app, right)
    t.equal(statusCode, 403, body)
  }
  t.equal((await guess(app, person.username)).statusCode, 401)
})

t.test('who was refused is refused again for two seconds without asking the store', async (t) => {
  const app = await start(t)
  const { username } = await registerSomebody(app)
  let asked = 0
  const { attempt } = app.ephemeral
  app.ephemeral.attempt = (...args) => {
    asked += 1
    return attempt(...args)
  }
  for (let time = 0; time < 7; time += 1) await guess(app, username)
  app.clock.advance(SECOND)
  t.equal((await guess(app, username)).statusCode, 401)
  const before = asked
  for (let time = 0; time < 10; time += 1) t.equal((await guess(app, username)).statusCode, 429)
  t.equal(asked, before + 1)
  app.clock.advance(2 * SECOND)
  t.equal((await guess(app, username)).statusCode, 401, 'and for no longer than it holds')
})

t.test('an address that tries many names has to wait, whether or not it has an account of its own', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await start(t, environment)
    const own = await registerSomebody(app)
    const remoteAddress = newAddress()
    for (let time = 0; time < 20; time += 1) {
      t.equal((await guess(app, somebody().username, { remoteAddress })).statusCode, 401)
      if (time % 5 === 0) {
        const right = await logIn(app, { identifier: own.username, password: own.password, remoteAddress })
        t.equal(right.statusCode, 200)
      }
    }
    const refused = await guess(app, somebody().username, { remoteAddress })
    t.equal(refused.statusCode, 429)
    t.equal((await guess(app, somebody().username)).statusCode, 401, 'another address does not')
    const headers = onDevice(String(own['device_token' as never]))
    const known = await logIn(app, { identifier: own.username, password: own.password, remoteAddress, headers })
    t.equal(known.statusCode, 200, 'nor does a device that is known')
    app.clock.advance(20 * MINUTE)
    t.equal((await guess(app, somebody().username, { remoteAddress })).statusCode, 401)
  }),
)

t.test('the owner is told once that strangers are kept waiting, and the link lets everybody in', async (t) => {
  const app = await start(t)
  const person = await registerProved(app)
  const right = { identifier: person.username, password: person.password }
  await lockOut(app, person, 10)
  app.clock.advance(32 * SECOND)
  const locks = app.db.selectFrom('audit_events').select('id').where('action', '=', 'account.lock')
  t.equal((await locks.execute()).length, 0, 'not as long as they wait for less than a minute')
  await guess(app, person.username)
  const { token } = await mailTo(app, 'locked', person.email)
  await guess(app, person.username)
  app.clock.advance(2 * MINUTE)
  await guess(app, person.username)
  t.equal((await logIn(app, right)).statusCode, 429)

  const unlocked = await post(app, '/auth/unlock', { token })
  t.equal(unlocked.statusCode, 200)
  t.equal((await logIn(app, right)).statusCode, 200)
  t.equal((await post(app, '/auth/unlock', { token })).statusCode, 400, 'the link is good once')

  await lockOut(app, person)
  t.equal((await logIn(app, right)).statusCode, 429)
  const headers = onDevice(unlocked.json().device_token)
  t.equal((await logIn(app, { ...right, headers })).statusCode, 200, 'who had the link is a stranger no more')
  const events = await app.db.selectFrom('audit_events').selectAll().where('action', 'like', 'account.%lock').execute()
  t.strictSame(
    events.map(({ action }) => action),
    ['account.lock', 'account.unlock'],
  )
  t.equal((await mailsOf(app, 'locked')).length, 1)
  app.clock.advance(6 * 60 * MINUTE)
  await lockOut(app, person)
  await mailTo(app, 'locked', person.email, 2)
})

t.test('nobody is told of a name that nobody has', async (t) => {
  const app = await start(t)
  const person = await registerProved(app)
  await lockOut(app, somebody())
  await lockOut(app, person)
  await mailTo(app, 'locked', person.email)
  t.equal((await mailsOf(app, 'locked')).length, 1)
})

t.test('an admin ends the waits too', async (t) => {
  const app = await start(t)
  const [admin, person] = [await registerAdmin(app), await registerSomebody(app)]
  const { id } = (await app.inject({ url: '/api/v1/users/me', headers: person.authorization })).json()
  for (const username of [person.username, person.email]) await lockOut(app, { ...person, username })
  const unlock = (headers: Record<string, string>) => post(app, `/users/${id}/unlock`, {}, headers)
  t.equal((await unlock(person.authorization)).statusCode, 403)
  t.equal((await unlock(admin.authorization)).statusCode, 204)
  t.equal((await logIn(app, { identifier: person.email, password: person.password })).statusCode, 200)
  t.equal((await logIn(app, { identifier: person.username, password: person.password })).statusCode, 200)
  const actor = (await app.inject({ url: '/api/v1/users/me', headers: admin.authorization })).json().id
  const events = app.db.selectFrom('audit_events').select(['actor', 'subject']).where('action', '=', 'account.unlock')
  t.strictSame(await events.execute(), [{ actor, subject: id }])
})

t.test('a session that asks for the password once more may not guess it either', async (t) => {
  const app = await start(t)
  const person = await registerSomebody(app)
  const change = (current_password: string) =>
    post(app, '/users/me/password', { current_password, new_password: 'quite another phrase 77' }, person.authorization)
  for (let time = 0; time < 5; time += 1) t.equal((await change('a wrong password')).statusCode, 403)
  t.equal((await change(person.password)).statusCode, 429)
  t.equal((await logIn(app, { identifier: person.username, password: person.password })).statusCode, 200)
  app.clock.advance(SECOND)
  t.equal((await change(person.password)).statusCode, 204)

  const other = await registerSomebody(app)
  const prove = (password: string) => post(app, '/auth/reauthenticate', { password }, other.authorization)
  for (let time = 0; time < 5; time += 1) t.equal((await prove('a wrong password')).statusCode, 403)
  t.equal((await prove(other.password)).statusCode, 429)
})

t.test('every dialect counts as one', async (t) => {
  const app = await start(t)
  const { username, email } = await registerSomebody(app)
  const wrong = { password: 'a wrong password' }
  const tries = [
    ['/authenticate_user', { username, ...wrong }],
    ['/auth/login', { identifier: username, ...wrong }],
  ] as const
  const ask = (url: string, payload: object) =>
    app.inject({ method: 'POST', url, payload, remoteAddress: newAddress() })
  for (const time of [0, 1, 2, 3, 4]) {
    const [url, payload] = tries[time % 2] as (typeof tries)[number]
    t.equal((await ask(url, payload)).statusCode, 401)
  }
  const answers = await Promise.all(tries.map(([url, payload]) => ask(url, payload)))
  t.strictSame(
    answers.map(({ statusCode }) => statusCode),
    [429, 429],
  )
  t.strictSame(answers[0]?.json(), { error: 'Too many requests.' })
  for (const { headers } of answers) t.equal(headers['retry-after'], '1')
  const template = await ask('/auth/login', { email, ...wrong })
  t.equal(template.statusCode, 401, 'the address is another name')
})

if (!onPostgres()) {
  t.test('metrics tell how many tries were refused', async (t) => {
    const app = await start(t, { METRICS: `token:${METRICS_TOKEN}` })
    const { username } = await registerSomebody(app)
    for (let time = 0; time < 8; time += 1) await guess(app, username)
    await eventually(async () => {
      const scraped = await scrape(app)
      return scraped.get('latchkey_password_tries_refused_total{counted="name"}') === 3
    })
  })

  t.test('switched off, passwords may be tried at will', async (t) => {
    const app = await startApp(t)
    const { username } = await registerSomebody(app)
    for (let time = 0; time < 12; time += 1) t.equal((await guess(app, username)).statusCode, 401)
  })
}
