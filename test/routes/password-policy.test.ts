import { hash } from 'node:crypto'
import t, { type Test } from 'tap'
import {
  type Environment,
  post,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
} from '../support/app.ts'
import { matchLists } from '../support/match.ts'
import { startRangeApi } from '../support/range-api.ts'

const GOOD = 'correct horse battery staple'
const strictly = (t: Test, more: Environment = {}) => startApp(t, { PASSWORD_POLICY: 'strict', ...more })
const register = (app: TestApp, more: Record<string, unknown>) => post(app, '/auth/register', somebody(more))

t.test('a registration is told what is wrong with the password', async (t) => {
  const app = await strictly(t)
  const person = { username: 'grace.hopper', email: 'grace@navy.example', name: 'Amazing Grace' }
  const refused = { 'too few': 'Zx8', personal: 'GraceHopper1906', common: 'P@ssw0rd!', breached: '4815162342lost' }
  const codes = ['password_too_short', 'password_contains_name', 'password_common', 'password_breached']
  for (const [index, password] of Object.values(refused).entries()) {
    const response = await post(app, '/auth/register', { ...person, password })
    t.equal(response.statusCode, 400)
    matchLists(t, response.json(), {
      code: codes[index],
      detail: /^The password must/,
      errors: [{ location: 'body', pointer: '/password', message: /^must/ }],
    })
    t.notMatch(response.body, password, 'it does not come back')
  }
  t.equal((await post(app, '/auth/register', { ...person, password: GOOD })).statusCode, 201)
})

t.test('with PASSWORD_POLICY=length a password is only too short', async (t) => {
  const app = await startApp(t, { PASSWORD_POLICY: 'length' })
  t.equal((await register(app, { password: 'dragonfly1987' })).statusCode, 201)
  t.equal((await register(app, { password: 'passwor' })).json().code, 'password_too_short')
})

t.test('one’s own change is judged, with the member that holds the new one', async (t) => {
  const app = await strictly(t)
  const { authorization, password, username } = await registerSomebody(app, { password: GOOD })
  const change = (new_password: string) =>
    post(app, '/users/me/password', { current_password: password, new_password }, authorization)
  for (const [next, code] of [
    ['iloveyou2', 'password_common'],
    [username, 'password_contains_name'],
  ] as const) {
    const response = await change(next)
    t.equal(response.statusCode, 400)
    matchLists(t, response.json(), { code, errors: [{ pointer: '/new_password' }] })
  }
  t.equal((await change('a quite different phrase')).statusCode, 204)
})

t.test('what an admin sets is judged by the names that the account will have', async (t) => {
  const app = await startApp(t, { PASSWORD_POLICY: 'strict' })
  const { authorization } = await registerAdmin(app, { password: GOOD })
  const created = await post(app, '/users', somebody({ password: 'dragonfly1987' }), authorization)
  t.equal(created.json().code, 'password_common')
  const made = await post(app, '/users', somebody({ password: GOOD }), authorization)
  const update = (payload: object) =>
    app.inject({ method: 'PUT', url: `/api/v1/users/${made.json().id}`, payload, headers: authorization })
  t.equal((await update({ password: 'buccaneer-1' })).statusCode, 200)
  t.equal((await update({ username: 'buccaneer', password: 'buccaneer-1' })).json().code, 'password_contains_name')
  t.equal((await update({ username: 'buccaneer' })).statusCode, 200)
  t.equal((await update({ password: 'Buccaneer2!' })).json().code, 'password_contains_name')
})

t.test('the dialects refuse the same passwords, in their own shapes', async (t) => {
  const app = await strictly(t)
  const { username, email } = somebody()
  const flask = await app.inject({
    method: 'POST',
    url: '/auth/register',
    payload: { username, email, password: 'dragonfly1987' },
  })
  t.equal(flask.statusCode, 400)
  t.match(flask.json(), { message: /^The password must not be a common one/ })
  const signUp = { email, name: 'Somebody', password: email }
  const template = await app.inject({ method: 'POST', url: '/auth/signup', payload: signUp })
  t.equal(template.statusCode, 400)
  t.match(template.json(), { status: 'failed', message: /^The password must not be made of the names/ })
  const demo = await app.inject({ method: 'POST', url: '/user', payload: { username, password: '4815162342lost' } })
  t.equal(demo.statusCode, 400)
  t.match(demo.json(), { error: /^The password must not be one that was found in a breach/ })
})

t.test('the breach API is asked for five characters of a hash, and its word counts', async (t) => {
  const api = await startRangeApi(t, ['a phrase that leaked'])
  const app = await strictly(t, { PASSWORD_BREACH_API: api.url })
  t.equal((await register(app, { password: 'a phrase that leaked' })).json().code, 'password_breached')
  t.equal((await register(app, { password: '4815162342lost' })).statusCode, 201, 'the filter is not asked')
  t.strictSame(api.asked[0], {
    path: `/range/${hash('sha1', 'a phrase that leaked', 'hex').toUpperCase().slice(0, 5)}`,
    padding: 'true',
  })
  t.strictSame(app.counts.breach_api, { answered: 2, failed: 0 })
})

for (const mood of ['failing', 'silent', 'babbling'] as const) {
  t.test(`while the breach API is ${mood} the filter is asked`, async (t) => {
    const api = await startRangeApi(t, [GOOD])
    api.be(mood)
    const app = await strictly(t, { PASSWORD_BREACH_API: api.url, PASSWORD_BREACH_TIMEOUT: '300ms' })
    t.equal((await register(app, { password: '4815162342lost' })).json().code, 'password_breached')
    t.equal((await register(app, { password: GOOD })).statusCode, 201)
    t.strictSame(app.counts.breach_api, { answered: 0, failed: 2 })
    t.match(app.logged(), /the breach API did not answer/)
  })
}
