/** Attacks on accounts: taking rights, taking over, taking names. */
import t from 'tap'
import {
  bearer,
  getMe,
  login,
  onEachStore,
  type Person,
  post,
  refresh,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
} from '../support/app.ts'
import { takeApart } from './mint.ts'

const uidOf = ({ access_token }: Pick<Person, 'access_token'>) => takeApart(access_token).claims.sub
const sessionOf = ({ access_token }: Pick<Person, 'access_token'>) => takeApart(access_token).claims.sid

const send = (app: TestApp, method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, by: Person, payload?: object) =>
  app.inject({ method, url: `/api/v1${url}`, headers: by.authorization, ...(payload && { payload }) })

/** Members that a person must not give themselves. */
const COVETED = {
  role: 'admin',
  roles: ['admin'],
  disabled: false,
  disabled_at: null,
  id: 1,
  uid: '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21',
  user_id: 1,
  email_verified: true,
  email_verified_at: 1,
  username_key: 'admin',
  created_at: '2020-01-01T00:00:00.000Z',
  is_superuser: true,
  permissions: ['users:write'],
}

t.test('nobody gives themselves what they have no say in', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const before = (await getMe(app, person.access_token)).json()
  for (const [member, value] of Object.entries(COVETED)) {
    const registration = await post(app, '/auth/register', { ...somebody(), [member]: value })
    t.equal(registration.statusCode, 400, `register with ${member}`)
    t.strictSame(registration.json().errors, [
      { location: 'body', pointer: `/${member}`, message: 'is not known here' },
    ])
    const update = await send(app, 'PUT', '/users/me', person, { name: 'Ada', [member]: value })
    t.equal(update.statusCode, 400, `change ${member}`)
    const change = { current_password: person.password, new_password: 'another password', [member]: value }
    t.equal((await post(app, '/users/me/password', change, person.authorization)).statusCode, 400)
  }
  for (const body of ['{"name":"Ada","__proto__":{"roles":["admin"]}}', '{"constructor":{"prototype":{"roles":[]}}}']) {
    const headers = { ...person.authorization, 'content-type': 'application/json' }
    const response = await app.inject({ method: 'PUT', url: '/api/v1/users/me', payload: body, headers })
    t.equal(response.statusCode, 400, body)
  }
  t.strictSame((await getMe(app, person.access_token)).json(), before, 'nothing has changed')
})

t.test('nobody reaches into another account', async (t) => {
  const app = await startApp(t)
  const [eve, ada] = [await registerSomebody(app), await registerSomebody(app)]
  const foreign = await send(app, 'DELETE', `/users/me/sessions/${sessionOf(ada)}`, eve)
  const none = await send(app, 'DELETE', '/users/me/sessions/0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21', eve)
  t.equal(foreign.statusCode, 404, 'a session of somebody else is none')
  t.strictSame({ ...foreign.json(), request_id: '' }, { ...none.json(), request_id: '' })
  const account = await send(app, 'GET', `/users/${uidOf(ada)}`, eve)
  const nobody = await send(app, 'GET', '/users/0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21', eve)
  t.equal(account.statusCode, 403)
  t.strictSame(
    { ...account.json(), request_id: '' },
    { ...nobody.json(), request_id: '' },
    'nor does it say who exists',
  )
  t.notMatch((await send(app, 'GET', '/users/me/sessions', eve)).body, sessionOf(ada))
  t.equal((await getMe(app, ada.access_token)).statusCode, 200)
  t.equal((await refresh(app, ada.refresh_token)).statusCode, 200)
})

t.test('without the permission no administrator’s call does anything', async (t) => {
  const app = await startApp(t)
  const [eve, ada] = [await registerSomebody(app), await registerSomebody(app)]
  const calls = [
    ['GET', '/users', undefined],
    ['POST', '/users', { ...somebody(), roles: ['admin'] }],
    ['PUT', `/users/${uidOf(eve)}`, { roles: ['admin'] }],
    ['PUT', `/users/${uidOf(ada)}`, { password: 'a password of eve’s' }],
    ['DELETE', `/users/${uidOf(ada)}`, undefined],
    ['DELETE', `/users/${uidOf(ada)}/sessions`, undefined],
  ] as const
  for (const [method, url, payload] of calls) {
    const response = await send(app, method, url, eve, payload)
    t.equal(response.statusCode, 403, `${method} ${url}`)
    t.equal(response.json().code, 'permission_denied')
    const anonymous = await app.inject({ method, url: `/api/v1${url}`, ...(payload && { payload }) })
    t.match(anonymous.json(), { status: 401, code: 'token_missing' }, 'before anything else the token is asked for')
  }
  for (const method of ['HEAD', 'OPTIONS', 'PATCH'] as const) {
    const response = await app.inject({ method, url: `/api/v1/users/${uidOf(ada)}`, headers: {} })
    t.ok([401, 405].includes(response.statusCode), `${method} goes round no guard`)
  }
  t.ok(await login(app, ada.username, ada.password))
})

t.test('rights end with the very next request', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, environment)
    const [admin, other] = [await registerAdmin(app), await registerAdmin(app)]
    t.equal((await send(app, 'GET', '/users', other)).statusCode, 200)
    await send(app, 'PUT', `/users/${uidOf(other)}`, admin, { roles: ['user'] })
    t.equal((await send(app, 'GET', '/users', other)).json().code, 'permission_denied', 'demoted')
    t.equal((await getMe(app, other.access_token)).statusCode, 200, 'but still a person')
    const verified = await app.inject({ url: '/api/v1/auth/verify', headers: other.authorization })
    t.equal(verified.headers['x-auth-roles'], 'user')
    await send(app, 'PUT', `/users/${uidOf(other)}`, admin, { roles: ['admin'] })
    t.equal((await send(app, 'GET', '/users', other)).statusCode, 200, 'promoted again')
    await send(app, 'PUT', `/users/${uidOf(other)}`, admin, { disabled: true })
    t.equal((await send(app, 'GET', '/users', other)).json().code, 'session_revoked', 'disabled')
    await send(app, 'PUT', `/users/${uidOf(other)}`, admin, { disabled: false })
    t.equal((await send(app, 'GET', '/users', other)).json().code, 'session_revoked', 'enabling revives no session')
    t.equal((await refresh(app, other.refresh_token)).json().code, 'refresh_token_invalid')
  }),
)

for (const taken of ['username', 'email'] as const) {
  t.test(`50 registrations at once with one ${taken} make exactly one account`, async (t) => {
    const app = await startApp(t)
    const shared = somebody()[taken]
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => post(app, '/auth/register', somebody({ [taken]: shared }))),
    )
    const statuses = responses.map(({ statusCode }) => statusCode).sort()
    t.strictSame(statuses, [201, ...Array(49).fill(409)])
    t.ok(responses.every((response) => response.statusCode === 201 || response.json().code === `${taken}_taken`))
    t.equal((await app.db.selectFrom('users').select('id').execute()).length, 1)
    t.equal((await app.db.selectFrom('passwords').select('user_id').execute()).length, 1)
  })
}

t.test('a sign-in that a disabling, a deletion or a new password overtakes leads nowhere', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  const ends = {
    disabled: (uid: string) => send(app, 'PUT', `/users/${uid}`, admin, { disabled: true }),
    deleted: (uid: string) => send(app, 'DELETE', `/users/${uid}`, admin),
    'given another password': (uid: string) => send(app, 'PUT', `/users/${uid}`, admin, { password: 'a new password' }),
  }
  const { verify } = app.hasher
  for (const [what, end] of Object.entries(ends)) {
    const person = await registerSomebody(app)
    let ended: Promise<unknown> | undefined
    // the account has been read by now, and nothing has been decided: everything happens while the hash is computed
    app.hasher.verify = async (phc, password, from) => {
      ended ??= end(uidOf(person))
      await ended
      return verify(phc, password, from)
    }
    const credentials = { identifier: person.username, password: person.password }
    const attempts = await Promise.all(Array.from({ length: 4 }, () => post(app, '/auth/login', credentials)))
    for (const { statusCode } of attempts) t.ok([401, 403].includes(statusCode), `${what}: ${statusCode}`)
    app.hasher.verify = verify
    t.equal((await getMe(app, person.access_token)).statusCode, 401, what)
    t.equal((await refresh(app, person.refresh_token)).statusCode, 401, what)
    const sessions = app.db.selectFrom('sessions').innerJoin('users', 'users.id', 'sessions.user_id')
    const living = sessions.where('users.uid', '=', uidOf(person)).where('revoked_at', 'is', null).select('sessions.id')
    t.strictSame(await living.execute(), [], `${what}: no session is left`)
  }
})

t.test('an old password that is hashed anew meanwhile does not take the place of a new one', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  const person = await registerSomebody(app)
  const { hash, isOutdated } = app.hasher
  app.hasher.isOutdated = () => true
  app.hasher.hash = async (...hashed) => {
    app.hasher.hash = hash
    await send(app, 'PUT', `/users/${uidOf(person)}`, admin, { password: 'a new password' })
    return hash(...hashed)
  }
  await post(app, '/auth/login', { identifier: person.username, password: person.password })
  app.hasher.isOutdated = isOutdated
  t.ok(await login(app, person.username, 'a new password'))
  t.equal((await post(app, '/auth/login', { identifier: person.username, password: person.password })).statusCode, 401)
})

t.test('of two new passwords that start from one old password, the first is the one that counts', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const passwords = ['the password of ada', 'the password of eve']
  const changes = passwords.map((new_password) =>
    post(app, '/users/me/password', { current_password: person.password, new_password }, person.authorization),
  )
  const statuses = (await Promise.all(changes)).map(({ statusCode }) => statusCode)
  t.strictSame([...statuses].sort(), [204, 403])
  t.ok(await login(app, person.username, passwords[statuses.indexOf(204)] ?? ''))
})

t.test('a new password is not set from a session that ends while it is hashed', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const { hash } = app.hasher
  app.hasher.hash = async (...hashed) => {
    t.equal((await post(app, '/auth/logout', { refresh_token: person.refresh_token })).statusCode, 200)
    return hash(...hashed)
  }
  const change = { current_password: person.password, new_password: 'the password of eve' }
  const refused = await post(app, '/users/me/password', change, person.authorization)
  app.hasher.hash = hash
  t.match(refused.json(), { status: 401, code: 'session_revoked' })
  t.ok(await login(app, person.username, person.password))
})

t.test('what a header says stays in its header', async (t) => {
  const app = await startApp(t)
  const { identifier, password } = { identifier: 'ada', password: 'a long password' }
  await post(app, '/auth/register', { username: identifier, email: 'ada@example.org', password })
  const agent = `<script>alert(1)</script> "x" \\n {"level":60} ${'é'.repeat(300)}`
  for (const id of ['x', 'a b c d e f', 'id";drop table users;--', '{"level":60,"msg":"forged"}', 'é'.repeat(20)]) {
    const headers = { 'user-agent': agent, 'x-request-id': id, 'x-forwarded-for': '1.2.3.4', forwarded: 'for=1.2.3.4' }
    const response = await post(app, '/auth/login', { identifier, password }, headers)
    t.equal(response.statusCode, 200)
    t.match(response.headers['x-request-id'], /^[\w-]{16}\.[0-9a-z]+$/, 'an id that is not plain is replaced')
    t.notMatch(app.logged(), id === 'x' ? '"reqId":"x"' : id)
    const own = bearer(response.json().access_token)
    const { items } = (await app.inject({ url: '/api/v1/users/me/sessions', headers: own })).json()
    const session = items.find(({ current }: { current: boolean }) => current)
    t.equal(session.ip, '127.0.0.1', 'nobody’s word for the address counts')
    t.equal(session.user_agent, agent.slice(0, 256))
  }
  const kept = await app.inject({ url: '/health/live', headers: { 'x-request-id': 'trace-0123456789' } })
  t.equal(kept.headers['x-request-id'], 'trace-0123456789')
  for (const line of app.logged().trim().split('\n')) t.ok(JSON.parse(line).msg, 'each line of the log is one of ours')
  t.notMatch(app.logged(), 'script')
})
