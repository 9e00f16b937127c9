/** The dialect `flask-auth`: each row of its table, over a real port. */
import t from 'tap'
import { forgeryOf, mint, strangersKey, takeApart } from '../../attacks/mint.ts'
import { bearer, CHEAP_HASH, getMe, login, onEachStore, post, registerSomebody, somebody } from '../../support/app.ts'
import { isAnswer, openDoor } from '../../support/door.ts'

const NO_INPUT = { message: 'No input data provided' }
const INCOMPLETE = { message: 'Missing username, email, or password' }
const NO_CREDENTIALS = { message: 'Missing identifier or password' }
const ada = { username: 'ada', email: 'ada@example.org', password: 'correct horse' }

/** Bodies that hold nothing: none, empty, no object, no JSON. */
const NOTHING = [undefined, {}, [], [1], null, 5, 'text', true].map((body) =>
  body === undefined ? undefined : JSON.stringify(body),
)
const BROKEN = ['{', '{"username":', 'username=ada', '\ufeff', '{"__proto__":{"roles":["admin"]}}', '']

t.test('the table', (t) =>
  onEachStore(t, async (t, environment) => {
    const { app, ask } = await openDoor(t, environment)

    t.test('register answers 201 with the sentence and the number of the account', async (t) => {
      const answer = await ask('POST', '/auth/register', ada)
      const { id } = await app.db.selectFrom('users').select('id').executeTakeFirstOrThrow()
      isAnswer(t, answer, [201, { message: 'User registered successfully', user_id: id }])
      t.type(answer.body.user_id, 'number')
      t.equal(answer.headers.get('cache-control'), 'no-store')
      t.match(answer.headers.get('content-type'), /^application\/json/)
    })

    t.test('register answers 400 to nothing and to what lacks a member, 409 to what is taken', async (t) => {
      for (const body of [...NOTHING, ...BROKEN])
        isAnswer(t, await ask('POST', '/auth/register', body), [400, NO_INPUT], body)
      for (const member of ['username', 'email', 'password'])
        for (const value of [undefined, null, '', 5, true, [], {}])
          isAnswer(t, await ask('POST', '/auth/register', { ...ada, [member]: value }), [400, INCOMPLETE], member)
      const taken = [409, { message: 'Username already exists' }] as [number, object]
      isAnswer(t, await ask('POST', '/auth/register', { ...ada, email: 'other@example.org' }), taken)
      isAnswer(t, await ask('POST', '/auth/register', { ...ada, username: 'ADA', email: 'o@example.org' }), taken)
      isAnswer(t, await ask('POST', '/auth/register', ada), taken, 'the user name comes first')
      isAnswer(t, await ask('POST', '/auth/register', { ...ada, username: 'other' }), [
        409,
        { message: 'Email already exists' },
      ])
    })

    t.test('login by user name or e-mail address answers 200 with exactly an access token', async (t) => {
      for (const identifier of ['ada', 'ADA', 'ada@example.org']) {
        const { status, body } = await ask('POST', '/auth/login', { identifier, password: ada.password })
        t.equal(status, 200)
        t.strictSame(Object.keys(body), ['access_token'])
        t.equal(takeApart(body.access_token).header['alg'], 'ES256')
      }
    })

    t.test('login answers 400 to nothing and to what lacks a member, 401 to wrong ones', async (t) => {
      for (const body of [...NOTHING, ...BROKEN])
        isAnswer(t, await ask('POST', '/auth/login', body), [400, NO_INPUT], body)
      for (const body of [
        { identifier: 'ada' },
        { identifier: 'ada', password: null },
        { identifier: null, password: 'x' },
        { identifier: 5, password: 'x' },
        { identifier: 'ada', password: '' },
        { username: 'ada', password: ada.password },
        { unknown: 1 },
      ])
        isAnswer(t, await ask('POST', '/auth/login', body), [400, NO_CREDENTIALS], JSON.stringify(body))
      for (const body of [
        { identifier: 'ada', password: 'wrong' },
        { identifier: 'nobody', password: ada.password },
        { identifier: 'nobody@example.org', password: ada.password },
        { identifier: 'a'.repeat(300), password: ada.password },
        { identifier: 'ada\u0000', password: ada.password },
        { identifier: 'ada', password: 'x'.repeat(300) },
      ])
        isAnswer(t, await ask('POST', '/auth/login', body), [401, { message: 'Invalid credentials' }])
    })

    t.test('protected greets who is signed in', async (t) => {
      const { body } = await ask('POST', '/auth/login', { identifier: 'ada', password: ada.password })
      const { user_id } = await app.db.selectFrom('users').select('id as user_id').executeTakeFirstOrThrow()
      isAnswer(t, await ask('GET', '/auth/protected', undefined, bearer(body.access_token)), [
        200,
        { message: 'Hello, ada!', user: { id: user_id, username: 'ada', email: 'ada@example.org' } },
      ])
    })

    t.test('protected tells a missing, an invalid, an expired and a revoked token apart', async (t) => {
      const logIn = async () =>
        (await ask('POST', '/auth/login', { identifier: 'ada', password: ada.password })).body.access_token as string
      const look = (authorization?: string) =>
        ask('GET', '/auth/protected', undefined, authorization === undefined ? {} : { authorization })
      const token = await logIn()
      for (const header of [undefined, '', 'Bearer', 'Basic YTpi', token])
        isAnswer(t, await look(header), [401, { message: 'Missing Authorization Header' }], header)
      const { header, claims } = takeApart(token)
      const invalid = ['x', 'a.b.c', 'a b c', `${token}x`, mint(header, claims, strangersKey().pem), 'x'.repeat(5000)]
      for (const bad of [
        ...invalid,
        forgeryOf(app, token)({}, { typ: 'JWT' }),
        mint({ ...header, alg: 'none' }, claims, '', 'none'),
      ])
        isAnswer(t, await look(`Bearer ${bad}`), [401, { message: 'Signature verification failed' }], bad)
      t.equal((await look(`Bearer ${token}`)).status, 200)
      await post(app, '/auth/logout-all', {}, bearer(token))
      isAnswer(t, await look(`Bearer ${token}`), [401, { message: 'Token has been revoked' }])
      const second = await logIn()
      app.clock.advance(15 * 60_000 + 5000)
      const expired = await look(`Bearer ${second}`)
      isAnswer(t, expired, [401, { message: 'Token has expired' }])
      t.match(expired.headers.get('www-authenticate'), /^Bearer realm="latchkey", error="invalid_token"/)
    })
  }),
)

t.test('what the service’s own rules refuse is 400 with a sentence that says why', async (t) => {
  const { ask } = await openDoor(t)
  for (const [member, sentence] of [
    [{ email: '123' }, 'email must be an e-mail address'],
    [{ email: 'ada@localhost' }, 'email must be an e-mail address'],
    [{ username: 'ada lovelace' }, 'username must have only letters, digits and . _ -'],
    [{ username: 'ad' }, 'username must NOT have fewer than 3 characters'],
    [{ password: 'seven77' }, 'The password must have at least 8 characters.'],
    [{ password: 'x'.repeat(257) }, 'password must NOT have more than 256 characters'],
  ] as const)
    isAnswer(t, await ask('POST', '/auth/register', { ...ada, ...member }), [400, { message: sentence }])
})

t.test('members that the dialect does not know change nothing', async (t) => {
  const { app, ask } = await openDoor(t)
  const more = { roles: ['admin'], disabled: true, name: 'Root', id: 1, uid: 'x', email_verified_at: 1 }
  t.equal((await ask('POST', '/auth/register', { ...ada, ...more })).status, 201)
  const { access_token } = await login(app, 'ada', ada.password)
  const { roles, email_verified, ...me } = (await getMe(app, access_token)).json()
  t.strictSame([roles, email_verified, 'name' in me], [['user'], false, false])
})

t.test('of 30 parallel registrations of one name one is 201 and the others are 409', async (t) => {
  const { app, ask } = await openDoor(t)
  const all = await Promise.all(Array.from({ length: 30 }, () => ask('POST', '/auth/register', ada)))
  t.equal(all.filter(({ status }) => status === 201).length, 1)
  t.equal(all.filter(({ status }) => status === 409).length, 29)
  t.equal((await app.db.selectFrom('users').selectAll().execute()).length, 1)
})

t.test('media types, sizes and floods are refused in the dialect’s shape', async (t) => {
  const { app, ask } = await openDoor(t, { ...CHEAP_HASH, ARGON2_TIME: '20', HASH_CONCURRENCY: '1', HASH_QUEUE: '1' })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  isAnswer(t, await ask('POST', '/auth/register', 'username=ada', form), [
    415,
    { message: 'The body must be application/json.' },
  ])
  isAnswer(t, await ask('POST', '/auth/register', { ...ada, password: 'x'.repeat(70_000) }), [
    413,
    { message: 'The body is larger than the service accepts.' },
  ])
  const person = await registerSomebody(app)
  const credentials = { identifier: person.username, password: person.password }
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask('POST', '/auth/login', credentials)))
  const shed = answers.filter(({ status }) => status === 503)
  t.ok(shed.length > 0)
  for (const answer of shed) {
    isAnswer(t, answer, [503, { message: 'The service has more work than it can do; try again later.' }])
    t.equal(answer.headers.get('retry-after'), '2')
  }
})

t.test('one store of accounts: who registers here uses v1, and the other way round', async (t) => {
  const { app, ask } = await openDoor(t)
  await ask('POST', '/auth/register', ada)
  for (const identifier of ['ada', 'ada@example.org']) t.ok(await login(app, identifier, ada.password))
  const person = await registerSomebody(app)
  const { body } = await ask('POST', '/auth/login', { identifier: person.email, password: person.password })
  t.equal((await getMe(app, body.access_token)).json().username, person.username, 'its token is one of v1')
  const greeting = await ask('GET', '/auth/protected', undefined, person.authorization)
  t.equal(greeting.body.message, `Hello, ${person.username}!`, 'and the other way round')
})

t.test('a token ends with its session, by whatever ends that', async (t) => {
  const { app, ask } = await openDoor(t)
  const look = (token: string) => ask('GET', '/auth/protected', undefined, bearer(token))
  const revoked = [401, { message: 'Token has been revoked' }] as [number, object]
  const logIn = async (person: { username: string; password: string }) =>
    (await ask('POST', '/auth/login', { identifier: person.username, password: person.password })).body
      .access_token as string

  const person = await registerSomebody(app)
  const token = await logIn(person)
  const sessions = await app.inject({ url: '/api/v1/users/me/sessions', headers: bearer(token) })
  const own = sessions.json().items.find(({ current }: { current: boolean }) => current)
  t.match(own, { current: true, ip: '127.0.0.1', user_agent: 'node' }, 'v1 lists it, with where it came from')
  t.equal(Date.parse(own.expires_at), app.clock.now() + 15 * 60_000 + 5000, 'and it ends with its token')
  await app.inject({ method: 'DELETE', url: `/api/v1/users/me/sessions/${own.id}`, headers: person.authorization })
  isAnswer(t, await look(token), revoked, 'one session ended')

  const second = await logIn(person)
  const change = { current_password: person.password, new_password: 'another password' }
  await post(app, '/users/me/password', change, person.authorization)
  isAnswer(t, await look(second), revoked, 'the password changed')

  const third = await logIn({ ...person, password: 'another password' })
  await app.db
    .updateTable('users')
    .set({ disabled_at: app.clock.now() })
    .where('username', '=', person.username)
    .execute()
  app.clock.advance(10_000)
  isAnswer(t, await look(third), revoked, 'the account is disabled')
  isAnswer(t, await ask('POST', '/auth/login', { identifier: person.username, password: 'another password' }), [
    403,
    { message: 'The account is disabled.' },
  ])

  const other = await registerSomebody(app)
  const fourth = await logIn(other)
  await app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers: other.authorization })
  isAnswer(t, await look(fourth), revoked, 'the account is gone')
  const next = await ask('POST', '/auth/register', somebody())
  isAnswer(t, await look(fourth), revoked, 'and the next account is not opened by it')
  t.ok(next.body.user_id > 2, 'nor has it the number')
})

t.test('two logins in one second give two tokens', async (t) => {
  const { app, ask } = await openDoor(t)
  const { username: identifier, password } = await registerSomebody(app)
  const tokens = await Promise.all([1, 2].map(() => ask('POST', '/auth/login', { identifier, password })))
  t.not(tokens[0]?.body.access_token, tokens[1]?.body.access_token)
})
