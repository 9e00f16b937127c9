/** The dialect `python-jwt-template`: its own API tests and each row of its table, over a real port. */
import t from 'tap'
import { forgeryOf, mint, strangersKey, takeApart } from '../../attacks/mint.ts'
import { bearer, getMe, login, onEachStore, post, registerSomebody } from '../../support/app.ts'
import { type Ask, isAnswer, openDoor } from '../../support/door.ts'
import { matchLists } from '../../support/match.ts'

const failed = (status: number, message: string): [number, object] => [status, { status: 'failed', message }]

const MISSING = failed(400, 'Required fields are missing.')
const NULL = failed(400, 'One or more required fields are null')
const NO_CREDENTIALS = failed(401, 'Email / Password missing')
const WRONG = failed(401, 'Incorrect Password')
const UNKNOWN = failed(404, 'User not found')
const BLOCKED = failed(401, 'JWT token is blocked. Please login again')
const NO_TOKEN = failed(401, 'Auth token missing')
const MISMATCH = failed(401, "Token Signature doesn't match")
const INVALID = failed(401, 'Invalid token signature')
const EXPIRED = failed(401, 'Signature is expired. Please log in again to refresh')

const ada = { email: 'ada@example.org', password: 'abc123', name: 'Ada' }
/** Their tests sign up with six characters. */
const SIX = { PASSWORD_MIN_LENGTH: '6' }

const signUp = async (ask: Ask, person: object = ada) =>
  (await ask('POST', '/auth/signup', person)).body.jwt_token as string
const look = (ask: Ask, token: string) => ask('GET', '/auth/user', undefined, bearer(token))
const logOut = (ask: Ask, token: string) => ask('POST', '/auth/logout', undefined, bearer(token))

t.test('the table', (t) =>
  onEachStore(t, async (t, environment) => {
    const { app, ask } = await openDoor(t, { ...environment, ...SIX })
    let token = ''

    t.test('ping', async (t) => {
      const up = [200, { status: 'success', message: 'APIs are up and running' }] as [number, object]
      isAnswer(t, await ask('GET', '/auth/ping'), up)
      isAnswer(t, await ask('GET', '/auth/ping', undefined, bearer('none')), up, 'it never asks for a token')
    })

    t.test('signup: 201 with exactly three members', async (t) => {
      const { status, body, headers } = await ask('POST', '/auth/signup', ada)
      token = body.jwt_token
      t.equal(status, 201)
      t.strictSame(body, { status: 'success', message: 'User signed up successful.', jwt_token: token })
      t.match(takeApart(token), { header: { alg: 'ES256' }, claims: { sub: String, iat: Number, exp: Number } })
      t.equal(headers.get('cache-control'), 'no-store')
    })

    t.test('signup of a known address: 202 failed with two members', async (t) => {
      for (const email of [ada.email, 'ADA@example.org'])
        isAnswer(t, await ask('POST', '/auth/signup', { ...ada, email }), failed(202, 'User already exists.'))
    })

    t.test('signup tells a missing member from a null one', async (t) => {
      for (const member of ['email', 'password', 'name']) {
        isAnswer(t, await ask('POST', '/auth/signup', { ...ada, [member]: undefined }), MISSING, member)
        isAnswer(t, await ask('POST', '/auth/signup', { ...ada, [member]: null }), NULL, member)
      }
      isAnswer(t, await ask('POST', '/auth/signup', { email: null, password: 'abc123' }), MISSING)
      for (const body of [undefined, '{', '', '{}', 'null', '[]', '[1]', '5', '"text"'])
        isAnswer(t, await ask('POST', '/auth/signup', body), MISSING, body ?? 'no body')
      for (const member of ['email', 'password'])
        isAnswer(t, await ask('POST', '/auth/signup', { ...ada, [member]: '' }), NULL, member)
      const wrong = await ask('POST', '/auth/signup', { ...ada, email: 5 })
      isAnswer(t, wrong, failed(400, 'email must be string'))
    })

    t.test('login: 200 with exactly three members', async (t) => {
      const { status, body } = await ask('POST', '/auth/login', { email: ada.email, password: ada.password })
      t.equal(status, 200)
      const { jwt_token } = body
      t.strictSame(body, { status: 'success', message: 'User login successful.', jwt_token })
      t.not(jwt_token, token, 'two tokens of one second are two')
    })

    t.test('login of nobody: 404; with a wrong password: 401; without a member: 401', async (t) => {
      const ask2 = (body: unknown) => ask('POST', '/auth/login', body)
      isAnswer(t, await ask2({ email: 'nobody@example.org', password: 'abc123' }), UNKNOWN)
      isAnswer(t, await ask2({ email: '123', password: 'abc123' }), UNKNOWN)
      isAnswer(t, await ask2({ email: ada.email, password: 'abc124' }), WRONG)
      isAnswer(t, await ask2({ email: ada.email, password: 'x'.repeat(300) }), WRONG)
      for (const body of [
        { email: ada.email },
        { password: 'abc123' },
        { email: null, password: 'abc123' },
        { email: ada.email, password: null },
        { email: 5, password: 'abc123' },
        { email: '', password: '' },
        { email: [], password: {} },
        { name: 'Ada', password: 'abc123' },
      ])
        isAnswer(t, await ask2(body), NO_CREDENTIALS, JSON.stringify(body))
    })

    t.test('user: 200 with exactly the four details', async (t) => {
      isAnswer(t, await look(ask, token), [
        200,
        {
          status: 'success',
          message: 'Successfully fetched user details',
          details: {
            email: ada.email,
            name: 'Ada',
            admin: false,
            registered_on: 'Sat, 31 Jan 2026 08:15:30 GMT',
          },
        },
      ])
    })

    t.test('the five sentences for bad tokens, for both calls', async (t) => {
      const { header, claims } = takeApart(token)
      const forge = forgeryOf(app, token)
      const [head, body] = token.split('.')
      const old = mint({ alg: 'HS256', typ: 'JWT' }, { sub: 1, iat: claims.iat, exp: claims.exp }, 'secret', 'HS256')
      const cases: [string | undefined, [number, object], string][] = [
        [undefined, NO_TOKEN, 'no header'],
        ['', NO_TOKEN, 'an empty one'],
        ['Bearer', NO_TOKEN, 'no token in it'],
        ['Basic YTpi', NO_TOKEN, 'another scheme'],
        [`Bearer ${token}incorrect`, MISMATCH, 'more signature than there was'],
        [`Bearer ${mint(header, claims, strangersKey().pem)}`, MISMATCH, 'another key under our kid'],
        [`Bearer ${mint({ ...header, kid: 'x' }, claims, strangersKey().pem)}`, MISMATCH, 'another key'],
        [`Bearer ${old}`, MISMATCH, 'a token of the old system'],
        [
          `Bearer ${head}.${mint(header, { ...claims, sub: 'x' }, strangersKey().pem).split('.')[1]}.${'A'.repeat(86)}`,
          MISMATCH,
          'other claims',
        ],
        ['Bearer invalid', INVALID, 'no JWT'],
        ['Bearer a b', INVALID, 'two words'],
        [`Bearer ${head}.${body}`, INVALID, 'two parts'],
        [`Bearer ${head}.${body}.`, INVALID, 'no signature'],
        [`Bearer ${mint({ ...header, alg: 'none' }, claims, '', 'none')}`, INVALID, 'alg none'],
        [`Bearer ${forge({}, { typ: 'JWT' })}`, INVALID, 'our signature under another type'],
        [`Bearer ${forge({ aud: 'others' })}`, INVALID, 'for somebody else'],
        [`Bearer ${'x'.repeat(5000)}`, INVALID, 'too long'],
        [`Bearer ${forge({ exp: claims.iat - 60 })}`, EXPIRED, 'expired'],
        [`Bearer ${forge({ sid: '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21' })}`, BLOCKED, 'a session that is none'],
      ]
      for (const [authorization, expected, what] of cases) {
        const headers = authorization === undefined ? {} : { authorization }
        isAnswer(t, await ask('GET', '/auth/user', undefined, headers), expected, what)
        isAnswer(t, await ask('POST', '/auth/logout', undefined, headers), expected, `${what}, logout`)
      }
    })

    t.test('logout: 200, then the token is blocked; other tokens are not', async (t) => {
      const { body } = await ask('POST', '/auth/login', { email: ada.email, password: ada.password })
      isAnswer(t, await logOut(ask, token), [200, { status: 'success', message: 'Logout Successful' }])
      isAnswer(t, await logOut(ask, token), BLOCKED)
      isAnswer(t, await look(ask, token), BLOCKED)
      t.equal((await look(ask, body.jwt_token)).status, 200)
    })

    t.test('an expired token is expired, also when its session is over, and when it is swept away', async (t) => {
      const token = await signUp(ask, { ...ada, email: 'late@example.org' })
      app.clock.advance(15 * 60_000 + 4999)
      t.equal((await look(ask, token)).status, 200, 'within the tolerance')
      app.clock.advance(1)
      isAnswer(t, await look(ask, token), EXPIRED)
      app.clock.advance(2 * 86_400_000)
      await signUp(ask, { ...ada, email: 'later@example.org' })
      isAnswer(t, await look(ask, token), EXPIRED)
    })

    t.test('the token of a deleted account: 404 for the user, blocked for logout', async (t) => {
      const token = await signUp(ask, { ...ada, email: 'gone@example.org' })
      t.equal((await app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers: bearer(token) })).statusCode, 204)
      isAnswer(t, await look(ask, token), UNKNOWN)
      isAnswer(t, await logOut(ask, token), BLOCKED)
      const next = await signUp(ask, { ...ada, email: 'next@example.org' })
      isAnswer(t, await look(ask, token), UNKNOWN, 'and never opens the next account')
      t.equal((await look(ask, next)).body.details.email, 'next@example.org')
    })
  }),
)

t.test('the service’s own rules, in the dialect’s shape', async (t) => {
  const { ask } = await openDoor(t)
  for (const [member, sentence] of [
    [{}, 'The password must have at least 8 characters.'],
    [{ password: 'long enough', email: '123' }, 'email must be an e-mail address'],
    [{ password: 'long enough', name: 'x'.repeat(129) }, 'name must NOT have more than 128 characters'],
    [{ password: 'long enough', name: 'a\u0000' }, 'name must be well-formed text without control characters'],
  ] as const)
    isAnswer(t, await ask('POST', '/auth/signup', { ...ada, ...member }), failed(400, sentence))
})

t.test('the setting that hides who has an account makes unknown and wrong the same', async (t) => {
  const { ask } = await openDoor(t, { ...SIX, COMPAT_HIDE_UNKNOWN: 'on' })
  await signUp(ask)
  isAnswer(t, await ask('POST', '/auth/login', { email: 'nobody@example.org', password: 'abc123' }), WRONG)
  isAnswer(t, await ask('POST', '/auth/login', { email: ada.email, password: 'abc124' }), WRONG)
})

t.test('an unknown address costs as many hashes as a wrong password, hidden or not', async (t) => {
  for (const hide of ['on', 'off']) {
    const { app, ask } = await openDoor(t, { ...SIX, COMPAT_HIDE_UNKNOWN: hide })
    await signUp(ask)
    const { verify, verifyNothing } = app.hasher
    let hashes = 0
    const counted =
      <A extends unknown[], R>(work: (...args: A) => R) =>
      (...args: A) => {
        hashes += 1
        return work(...args)
      }
    Object.assign(app.hasher, { verify: counted(verify), verifyNothing: counted(verifyNothing) })
    await ask('POST', '/auth/login', { email: ada.email, password: 'abc124' })
    t.equal(hashes, 1)
    await ask('POST', '/auth/login', { email: 'nobody@example.org', password: 'abc124' })
    t.equal(hashes, 2)
  }
})

t.test('of 30 parallel sign-ups one is 201 and the others are 202', async (t) => {
  const { ask } = await openDoor(t, SIX)
  const all = await Promise.all(Array.from({ length: 30 }, () => ask('POST', '/auth/signup', ada)))
  t.equal(all.filter(({ status }) => status === 201).length, 1)
  t.equal(all.filter(({ status }) => status === 202).length, 29)
})

t.test('members that the dialect does not know change nothing', async (t) => {
  const { app, ask } = await openDoor(t, SIX)
  const token = await signUp(ask, { ...ada, admin: true, roles: ['admin'], username: 'root', disabled: true })
  const me = (await getMe(app, token)).json()
  t.strictSame([me.roles, 'username' in me], [['user'], false])
})

t.test('a password is not cut at 72 bytes', async (t) => {
  const { ask } = await openDoor(t)
  await signUp(ask, { ...ada, password: `${'x'.repeat(72)}1` })
  isAnswer(t, await ask('POST', '/auth/login', { email: ada.email, password: `${'x'.repeat(72)}2` }), WRONG)
})

t.test('an account without a user name is at home in v1', async (t) => {
  const { app, ask } = await openDoor(t, SIX)
  const jwt_token = await signUp(ask)
  const person = await login(app, ada.email, ada.password)
  const me = (await getMe(app, person.access_token)).json()
  t.strictSame([me.email, me.name, 'username' in me], [ada.email, 'Ada', false], 'what it lacks is absent')
  t.equal((await getMe(app, jwt_token)).statusCode, 200, 'the dialect’s token is one of v1')
  t.equal((await look(ask, person.access_token)).status, 200, 'and the other way round')
  const greeting = await ask('GET', '/auth/protected', undefined, bearer(jwt_token))
  t.strictSame(greeting.body, { message: 'Hello, Ada!', user: { id: 1, email: ada.email } }, 'flask-auth takes it too')
  const put = await app.inject({
    method: 'PUT',
    url: '/api/v1/users/me',
    headers: bearer(jwt_token),
    payload: { username: 'ada' },
  })
  t.equal(put.json().username, 'ada', 'the missing name can be added')
  t.ok(await login(app, 'ada', ada.password))
  t.equal((await ask('POST', '/auth/login', { identifier: 'ada', password: ada.password })).status, 200)
})

t.test('an admin is one; a v1 account without a name or an address has its details too', async (t) => {
  const { app, ask } = await openDoor(t)
  const person = await registerSomebody(app)
  await app.db.insertInto('user_roles').values({ user_id: 1, role: 'admin' }).execute()
  app.clock.advance(10_000)
  t.match((await look(ask, person.access_token)).body.details, { name: person.username, admin: true })
  const query = { url: '/api/v1/users?q=ada&limit=1', headers: person.authorization }
  await signUp(ask, { ...ada, password: 'long enough' })
  matchLists(t, (await app.inject(query)).json().items, [{ email: ada.email }], 'the list finds who has no user name')
  const page = await app.inject({ url: '/api/v1/users?limit=1', headers: person.authorization })
  const next = await app.inject({
    url: `/api/v1/users?limit=1&cursor=${page.json().next_cursor}`,
    headers: person.authorization,
  })
  matchLists(t, next.json().items, [{ email: ada.email }], 'and pages to them')
})

t.test('whatever ends sessions ends these: logout-all, a new password, disabling', async (t) => {
  const { app, ask } = await openDoor(t, SIX)
  const first = await signUp(ask)
  const v1 = await login(app, ada.email, ada.password)
  await post(app, '/auth/logout-all', {}, bearer(v1.access_token))
  isAnswer(t, await look(ask, first), BLOCKED)
  const logIn = async () =>
    (await ask('POST', '/auth/login', { email: ada.email, password: ada.password })).body.jwt_token as string
  const second = await logIn()
  const { access_token } = await login(app, ada.email, ada.password)
  const change = { current_password: ada.password, new_password: 'abc125' }
  t.equal((await post(app, '/users/me/password', change, bearer(access_token))).statusCode, 204)
  isAnswer(t, await look(ask, second), BLOCKED)
  await post(app, '/users/me/password', { current_password: 'abc125', new_password: 'abc123' }, bearer(access_token))
  const third = await logIn()
  await app.db.updateTable('users').set({ disabled_at: app.clock.now() }).execute()
  app.clock.advance(10_000)
  isAnswer(t, await look(ask, third), BLOCKED)
  isAnswer(t, await ask('POST', '/auth/login', { email: ada.email, password: ada.password }), [
    403,
    { status: 'failed', message: 'The account is disabled.' },
  ])
})
