import t from 'tap'
import {
  CHEAP_HASH,
  getMe,
  login,
  onEachStore,
  post,
  registerSomebody,
  somebody,
  startApp,
  type Tokens,
} from '../support/app.ts'
import { matchLists } from '../support/match.ts'

t.test('register', async (t) => {
  t.test('makes an account with the role user and signs in', async (t) => {
    const app = await startApp(t)
    const registration = somebody({ name: 'Ada Lovelace' })
    const response = await post(app, '/auth/register', registration)
    t.equal(response.statusCode, 201)
    t.equal(response.headers['cache-control'], 'no-store')
    const tokens = response.json<Tokens>()
    t.match(tokens, { token_type: 'Bearer', expires_in: 900, refresh_token_expires_in: 14 * 86_400 })
    const me = (await getMe(app, tokens.access_token)).json()
    const { username, email } = registration
    matchLists(t, me, { username, email, email_verified: false, name: 'Ada Lovelace', roles: ['user'] })
    t.equal(me.created_at, new Date(app.clock.now()).toISOString())
    t.notOk('disabled_at' in me || 'password' in me)
  })

  t.test('a name and an address are taken in every spelling', async (t) => {
    const app = await startApp(t)
    await post(app, '/auth/register', somebody({ username: 'Ada.Straße', email: 'Ada@Example.org' }))
    const byName = await post(app, '/auth/register', somebody({ username: 'ADA.STRASSE' }))
    t.equal(byName.statusCode, 409)
    t.equal(byName.json().code, 'username_taken')
    const byEmail = await post(app, '/auth/register', somebody({ email: 'aDA@exaMPLE.org' }))
    t.equal(byEmail.statusCode, 409)
    t.equal(byEmail.json().code, 'email_taken')
  })

  t.test('what is refused leaves nothing behind', async (t) => {
    const app = await startApp(t)
    const person = await registerSomebody(app)
    await post(app, '/auth/register', somebody({ email: person.email }))
    await post(app, '/auth/register', somebody({ password: 'short' }))
    const count = async (table: 'users' | 'passwords' | 'user_roles' | 'sessions') =>
      (await app.db.selectFrom(table).selectAll().execute()).length
    for (const table of ['users', 'passwords', 'user_roles', 'sessions'] as const) t.equal(await count(table), 1, table)
  })

  t.test('every member is judged, and the error points at it', async (t) => {
    const app = await startApp(t)
    const refusals: Array<[Record<string, unknown>, string]> = [
      [{ username: 'ab' }, '/username'],
      [{ username: 'a'.repeat(65) }, '/username'],
      [{ username: 'ada@example.org' }, '/username'],
      [{ username: 'ada lovelace' }, '/username'],
      [{ username: '\ud800ada' }, '/username'],
      [{ email: '123' }, '/email'],
      [{ email: 'ada@localhost' }, '/email'],
      [{ email: 'ada@127.0.0.1' }, '/email'],
      [{ email: 'ada@example.org\n' }, '/email'],
      [{ email: `${'a'.repeat(250)}@example.org` }, '/email'],
      [{ name: 'a'.repeat(129) }, '/name'],
      [{ name: 'Ada\u0000' }, '/name'],
      [{ password: '' }, '/password'],
      [{ password: 'a'.repeat(257) }, '/password'],
      [{ password: 'a password \ud800' }, '/password'],
      [{ roles: ['admin'] }, '/roles'],
      [{ email: 123 }, '/email'],
    ]
    for (const [member, pointer] of refusals) {
      const response = await post(app, '/auth/register', somebody(member))
      t.equal(response.statusCode, 400, JSON.stringify(member).slice(0, 60))
      matchLists(t, response.json(), { code: 'validation_failed', errors: [{ location: 'body', pointer }] })
    }
    for (const missing of ['username', 'email', 'password']) {
      const { [missing]: _, ...rest } = somebody() as Record<string, unknown>
      const response = await post(app, '/auth/register', rest)
      matchLists(t, response.json(), {
        code: 'validation_failed',
        errors: [{ pointer: `/${missing}`, message: 'is missing' }],
      })
    }
  })

  t.test('a password has at least the configured number of characters, whatever they take in bytes', async (t) => {
    const app = await startApp(t, { PASSWORD_MIN_LENGTH: '4' })
    const short = await post(app, '/auth/register', somebody({ password: '🔑🔑🔑' }))
    t.equal(short.statusCode, 400)
    matchLists(t, short.json(), { code: 'password_too_short', errors: [{ pointer: '/password' }] })
    t.equal((await post(app, '/auth/register', somebody({ password: '🔑🔑🔑🔑' }))).statusCode, 201)
    t.equal(
      (await post(app, '/auth/register', somebody({ password: 'ﬀ'.repeat(2) }))).statusCode,
      201,
      'counted as hashed',
    )
  })

  t.test('of 50 parallel registrations of one name exactly one succeeds', async (t) => {
    const app = await startApp(t)
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => post(app, '/auth/register', somebody({ username: 'wanted' }))),
    )
    const statuses = responses.map(({ statusCode }) => statusCode)
    t.equal(statuses.filter((status) => status === 201).length, 1)
    t.equal(statuses.filter((status) => status === 409).length, 49)
  })
})

t.test('login', async (t) => {
  t.test('by user name or e-mail address, in any spelling', async (t) => {
    const app = await startApp(t)
    const person = await registerSomebody(app, { username: 'Ada', email: 'ada@example.org' })
    for (const identifier of ['Ada', 'ADA', 'ＡＤＡ', 'ada@example.org', 'ADA@EXAMPLE.ORG']) {
      const response = await post(app, '/auth/login', { identifier, password: person.password })
      t.equal(response.statusCode, 200, identifier)
      t.equal((await getMe(app, response.json<Tokens>().access_token)).json().username, 'Ada')
    }
  })

  t.test('a wrong password and an unknown account get the same answer', async (t) => {
    const app = await startApp(t)
    const person = await registerSomebody(app)
    const shown = async (identifier: string) => {
      const response = await post(app, '/auth/login', { identifier, password: 'a wrong password' })
      const { request_id, ...problem } = response.json()
      const { date, 'x-request-id': id, ...headers } = response.headers
      return { status: response.statusCode, problem, headers }
    }
    const wrong = await shown(person.username)
    t.equal(wrong.status, 401)
    t.equal(wrong.problem.code, 'invalid_credentials')
    t.strictSame(await shown('nobody'), wrong)
    t.strictSame(await shown('nobody@example.org'), wrong)
  })

  t.test('spellings of one password that only normalisation tells apart are one password', async (t) => {
    const app = await startApp(t)
    const person = await registerSomebody(app, { password: 'caf\u00e9 cre\u0300me' })
    t.ok(await login(app, person.username, 'cafe\u0301 cr\u00e8me'))
    const upper = await post(app, '/auth/login', { identifier: person.username, password: 'CAF\u00c9 cr\u00e8me' })
    t.equal(upper.statusCode, 401, 'case matters')
  })

  t.test('a long password is not cut', async (t) => {
    const app = await startApp(t)
    const person = await registerSomebody(app, { password: `${'x'.repeat(255)}1` })
    const other = await post(app, '/auth/login', { identifier: person.username, password: `${'x'.repeat(255)}2` })
    t.equal(other.statusCode, 401)
    t.ok(await login(app, person.username, `${'x'.repeat(255)}1`))
  })

  t.test('a disabled account is told so only with the right password', async (t) => {
    const app = await startApp(t)
    const person = await registerSomebody(app)
    await app.db.updateTable('users').set({ disabled_at: app.clock.now() }).execute()
    const wrong = await post(app, '/auth/login', { identifier: person.username, password: 'a wrong password' })
    t.equal(wrong.json().code, 'invalid_credentials')
    const right = await post(app, '/auth/login', { identifier: person.username, password: person.password })
    t.equal(right.statusCode, 403)
    t.equal(right.json().code, 'account_disabled')
  })

  t.test('an account without a password cannot be logged in to', async (t) => {
    const app = await startApp(t)
    const person = await registerSomebody(app)
    await app.db.deleteFrom('passwords').execute()
    const response = await post(app, '/auth/login', { identifier: person.username, password: person.password })
    t.equal(response.json().code, 'invalid_credentials')
  })

  t.test('a hash with other parameters than those in force is replaced at login, also by parallel ones', async (t) => {
    const before = await startApp(t)
    const [person, other] = [await registerSomebody(before), await registerSomebody(before)]
    const app = await startApp(t, { ...before.environment, ARGON2_TIME: '2' }, before.clock)
    const hashes = app.db.selectFrom('passwords').select('hash').orderBy('user_id')
    const hash = async () => (await hashes.executeTakeFirstOrThrow()).hash
    const old = await hash()
    t.match(old, /^\$argon2id\$v=19\$m=1024,t=1,p=1\$|^\$argon2id\$v=19\$m=1024,p=1,t=1\$/)
    const logins = await Promise.all(Array.from({ length: 8 }, () => login(app, person.username, person.password)))
    t.equal(logins.length, 8)
    const renewed = await hash()
    t.match(renewed, /t=2/)
    await login(app, person.username, person.password)
    t.equal(await hash(), renewed, 'and not again')
    t.ok(await login(app, other.username, other.password), 'nor is that of anybody else')
  })

  t.test('more sign-ins than the queue holds are turned away with Retry-After, and the rest succeed', async (t) => {
    const app = await startApp(t, { ...CHEAP_HASH, ARGON2_TIME: '100', HASH_CONCURRENCY: '1', HASH_QUEUE: '2' })
    const person = await registerSomebody(app)
    const responses = await Promise.all(
      Array.from({ length: 10 }, () =>
        post(app, '/auth/login', { identifier: person.username, password: person.password }),
      ),
    )
    t.equal(responses.filter(({ statusCode }) => statusCode === 200).length, 3, 'one runs and two wait')
    const shed = responses.filter(({ statusCode }) => statusCode === 503)
    t.equal(shed.length, 7)
    t.match(shed[0]?.json(), { code: 'overloaded' })
    t.match(shed[0]?.headers, { 'retry-after': '2' })
    t.ok(await login(app, person.username, person.password), 'and the queue is empty again')
  })
})

t.test('logout', (t) =>
  onEachStore(t, async (t, environment) => {
    t.test('ends the session: its access token stops at once', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      t.equal((await getMe(app, person.access_token)).statusCode, 200)
      const response = await post(app, '/auth/logout', { refresh_token: person.refresh_token })
      t.equal(response.statusCode, 200)
      t.same(response.json(), { message: 'Signed out.' })
      const after = await getMe(app, person.access_token)
      t.equal(after.statusCode, 401)
      t.equal(after.json().code, 'session_revoked')
      t.match(after.headers['www-authenticate'], /error="invalid_token"/)
    })

    t.test('is idempotent, and silent about tokens that are none', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      for (const refresh_token of [
        person.refresh_token,
        person.refresh_token,
        'nonsense',
        `${person.refresh_token.slice(0, -2)}AA`,
      ]) {
        t.equal((await post(app, '/auth/logout', { refresh_token })).statusCode, 200)
      }
    })

    t.test('does not end the account’s other sessions; logout-all does, this one too', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      const second = await login(app, person.username, person.password)
      const third = await login(app, person.username, person.password)
      const stranger = await registerSomebody(app)
      await post(app, '/auth/logout', { refresh_token: second.refresh_token })
      t.equal((await getMe(app, third.access_token)).statusCode, 200)
      const all = await post(app, '/auth/logout-all', {}, person.authorization)
      t.equal(all.statusCode, 200)
      for (const { access_token, refresh_token } of [person, third]) {
        t.equal((await getMe(app, access_token)).statusCode, 401)
        t.equal((await post(app, '/auth/refresh', { refresh_token })).statusCode, 401)
      }
      t.equal((await getMe(app, stranger.access_token)).statusCode, 200)
    })
  }),
)

t.test('verify answers with headers for a reverse proxy', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const me = (await getMe(app, person.access_token)).json()
  const response = await app.inject({ method: 'GET', url: '/api/v1/auth/verify', headers: person.authorization })
  t.equal(response.statusCode, 204)
  t.equal(response.body, '')
  t.equal(response.headers['x-auth-subject'], me.id)
  t.equal(response.headers['x-auth-roles'], 'user')
  t.match(response.headers['x-auth-session'], /^[0-9a-f-]{36}$/)
  const without = await app.inject({ method: 'GET', url: '/api/v1/auth/verify' })
  t.equal(without.statusCode, 401)
  t.notOk('x-auth-subject' in without.headers)
})

t.test('verify answers a proxy that keeps the method and appends the path', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
    const url = '/api/v1/auth/verify/orders/7?page=2'
    const response = await app.inject({ method, url, headers: person.authorization })
    t.equal(response.statusCode, 204, method)
    t.equal(response.headers['x-auth-roles'], 'user')
    t.equal((await app.inject({ method, url })).statusCode, 401, method)
  }
})
