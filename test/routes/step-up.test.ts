import t from 'tap'
import {
  bearer,
  getMe,
  post,
  refresh,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
  type Tokens,
  testEnvironment,
} from '../support/app.ts'
import { matchLists } from '../support/match.ts'

const MINUTE = 60_000
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

type Headers = Record<string, string>
const deleteMe = (app: TestApp, headers: Headers) => app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers })
const put = (app: TestApp, path: string, payload: object, headers: Headers) =>
  app.inject({ method: 'PUT', url: `/api/v1/users/${path}`, payload, headers })
const reauthenticate = (app: TestApp, password: string, headers: Headers) =>
  post(app, '/auth/reauthenticate', { password }, headers)

t.test('an access token tells when and how its owner proved who they are', async (t) => {
  const app = await startApp(t)
  const { access_token, refresh_token } = await registerSomebody(app)
  const auth_time = Math.floor(app.clock.now() / 1000)
  matchLists(t, claimsOf(access_token), { auth_time, amr: ['pwd'] })
  app.clock.advance(5 * MINUTE)
  const refreshed = (await refresh(app, refresh_token)).json<Tokens>()
  matchLists(t, claimsOf(refreshed.access_token), { auth_time, amr: ['pwd'] }, 'a refresh proves nothing')
  t.not(claimsOf(refreshed.access_token).iat, claimsOf(access_token).iat)
})

t.test('a sensitive call wants a proof that is not older than STEP_UP_AGE, whatever the token', async (t) => {
  const app = await startApp(t, { ACCESS_TOKEN_TTL: '1h', STEP_UP_AGE: '10m' })
  const { authorization, refresh_token, password } = await registerSomebody(app)
  app.clock.advance(10 * MINUTE)
  t.equal((await put(app, 'me', { email: 'first@example.org' }, authorization)).statusCode, 200, 'just young enough')
  app.clock.advance(1)
  const refreshed = (await refresh(app, refresh_token)).json<Tokens>()
  for (const headers of [authorization, bearer(refreshed.access_token)]) {
    const response = await deleteMe(app, headers)
    t.equal(response.statusCode, 403)
    t.match(response.json(), {
      code: 'reauthentication_required',
      detail: /600 s; POST \/api\/v1\/auth\/reauthenticate/,
    })
    t.match(
      response.headers['www-authenticate'],
      /^Bearer realm="latchkey", error="insufficient_user_authentication", error_description=".+", max_age=600$/,
    )
  }
  t.equal((await getMe(app, refreshed.access_token)).statusCode, 200, 'other calls do not')

  const again = await reauthenticate(app, password, authorization)
  t.equal(again.statusCode, 200)
  const tokens = again.json<Tokens>()
  matchLists(t, claimsOf(tokens.access_token), {
    sid: claimsOf(refreshed.access_token).sid,
    auth_time: Math.floor(app.clock.now() / 1000),
    amr: ['pwd'],
  })
  t.equal(tokens.refresh_token, refreshed.refresh_token, 'nothing has to be replaced')
  t.equal((await deleteMe(app, authorization)).statusCode, 204, 'the older token’s session is proved as well')
})

t.test('a change of one’s address needs a proof, other changes do not', async (t) => {
  const app = await startApp(t, { ACCESS_TOKEN_TTL: '1h' })
  const { authorization } = await registerSomebody(app)
  app.clock.advance(11 * MINUTE)
  t.equal((await put(app, 'me', { name: 'Ada' }, authorization)).statusCode, 200)
  const refused = await put(app, 'me', { name: 'Eve', email: 'eve@example.org' }, authorization)
  t.match(refused.json(), { code: 'reauthentication_required' })
  t.match((await getMe(app, authorization.authorization.slice(7))).json(), { name: 'Ada' })
})

t.test('an admin who gives or takes roles needs a proof; whoever may not is not asked for one', async (t) => {
  const app = await startApp(t, { ACCESS_TOKEN_TTL: '1h' })
  const admin = await registerAdmin(app)
  const person = await registerSomebody(app)
  const { id } = (await getMe(app, person.access_token)).json()
  app.clock.advance(11 * MINUTE)
  const roles = ['admin', 'user']
  t.match((await put(app, id, { roles }, person.authorization)).json(), { code: 'permission_denied' })
  t.match((await put(app, id, { roles }, admin.authorization)).json(), { code: 'reauthentication_required' })
  t.match((await post(app, '/users', somebody({ roles }), admin.authorization)).json(), {
    code: 'reauthentication_required',
  })
  for (const disabled of [true, false])
    t.match((await put(app, id, { disabled }, admin.authorization)).json(), { code: 'reauthentication_required' })
  t.equal((await post(app, '/users', somebody(), admin.authorization)).statusCode, 201)
  await reauthenticate(app, admin.password, admin.authorization)
  matchLists(t, (await put(app, id, { roles }, admin.authorization)).json(), { roles })
})

t.test('an admin without a proof cannot become somebody, make an admin, or remove anybody', async (t) => {
  const app = await startApp(t, { ACCESS_TOKEN_TTL: '1h', REGISTRATION: 'invite' })
  const admin = await registerAdmin(app)
  const { id: own } = (await getMe(app, admin.access_token)).json()
  const other = (await post(app, '/users', somebody(), admin.authorization)).json<{ id: string }>()
  app.clock.advance(11 * MINUTE)
  const wanted = { code: 'reauthentication_required' }
  for (const id of [own, other.id]) {
    const password = 'a password of the thief’s'
    t.match((await put(app, id, { password }, admin.authorization)).json(), wanted, 'sets a password')
    t.match((await put(app, id, { email: 'thief@example.org' }, admin.authorization)).json(), wanted, 'sets an address')
  }
  const url = `/api/v1/users/${other.id}`
  const remove = () => app.inject({ method: 'DELETE', url, headers: admin.authorization })
  const invite = (body: object) => post(app, '/invitations', body, admin.authorization)
  t.match((await remove()).json(), wanted)
  t.match((await invite({ email: 'thief@example.org', roles: ['admin'] })).json(), wanted)
  t.equal((await invite({ email: 'guest@example.org' })).statusCode, 201, 'an invitation without roles does not')
  await reauthenticate(app, admin.password, admin.authorization)
  t.equal((await invite({ email: 'friend@example.org', roles: ['admin'] })).statusCode, 201)
  t.equal((await remove()).statusCode, 204)
})

t.test('the proof counts on every node, for its own session alone', async (t) => {
  const environment = testEnvironment(t, { ACCESS_TOKEN_TTL: '1h' })
  const one = await startApp(t, environment)
  const other = await startApp(t, environment, one.clock)
  const { authorization, password, username } = await registerSomebody(one)
  const elsewhere = (await post(one, '/auth/login', { identifier: username, password })).json<Tokens>()
  one.clock.advance(11 * MINUTE)
  t.equal((await deleteMe(other, authorization)).statusCode, 403)
  t.equal((await deleteMe(other, bearer(elsewhere.access_token))).statusCode, 403)
  await reauthenticate(one, password, bearer(elsewhere.access_token))
  t.equal((await deleteMe(other, authorization)).statusCode, 403)
  t.equal((await deleteMe(other, bearer(elsewhere.access_token))).statusCode, 204)
})

t.test('a wrong password proves nothing, and either try is in the audit log', async (t) => {
  const app = await startApp(t, { ACCESS_TOKEN_TTL: '1h' })
  const { authorization, password } = await registerSomebody(app)
  app.clock.advance(11 * MINUTE)
  const wrong = await reauthenticate(app, `${password}!`, authorization)
  t.equal(wrong.statusCode, 403)
  t.match(wrong.json(), { code: 'current_password_wrong' })
  t.equal((await deleteMe(app, authorization)).statusCode, 403)
  await reauthenticate(app, password, authorization)
  const events = await app.db
    .selectFrom('audit_events')
    .select(['outcome', 'cause'])
    .where('action', '=', 'session.reauthenticate')
    .orderBy('id')
    .execute()
  t.strictSame(events, [
    { outcome: 'failure', cause: 'current_password_wrong' },
    { outcome: 'success', cause: 'pwd' },
  ])
})

t.test('a session that ends while the password is checked stays ended', async (t) => {
  const app = await startApp(t)
  const { authorization, password } = await registerSomebody(app)
  const { verify } = app.hasher
  app.hasher.verify = async (hash, tried, from) => {
    t.equal((await post(app, '/auth/logout-all', {}, authorization)).statusCode, 200)
    return verify(hash, tried, from)
  }
  const again = await reauthenticate(app, password, authorization)
  t.equal(again.statusCode, 401)
  t.match(again.json(), { code: 'session_revoked' })
})
