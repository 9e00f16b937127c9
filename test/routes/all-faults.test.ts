/** What is told of a request that does not fit: all of it, and no more than is worth the work. */
import t from 'tap'
import { bearer, registerAdmin, startApp, type TestApp } from '../support/app.ts'

const UID = '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21'

/** Where a body does not fit, and why. */
async function faultsOf(app: TestApp, payload: object | string): Promise<string[]> {
  const headers = { 'content-type': 'application/json' }
  const answer = await app.inject({ method: 'POST', url: '/api/v1/auth/register', headers, payload })
  const { errors } = answer.json() as { errors: { location: string; pointer: string; message: string }[] }
  return errors.map(({ location, pointer, message }) => `${location} ${pointer} ${message}`)
}

const pointersOf = (answer: { json: () => { errors: { location: string; pointer: string }[] } }) =>
  answer.json().errors.map(({ location, pointer }) => `${location} ${pointer}`)

t.test('every member that does not fit is told, with all that is wrong with it', async (t) => {
  const app = await startApp(t)
  const body = { username: 'a!', email: 'nowhere', name: 'A\u0007', locale: '!!', roles: ['admin'] }
  t.strictSame((await faultsOf(app, body)).sort(), [
    'body /email must be an e-mail address',
    'body /locale must be a language tag such as en or de-AT',
    'body /name must be well-formed text without control characters',
    'body /password is missing',
    'body /roles is not known here',
    'body /username must NOT have fewer than 3 characters',
    'body /username must have only letters, digits and . _ -',
  ])
})

t.test('the faults of all parts of a request come in one answer', async (t) => {
  const app = await startApp(t)
  const { authorization } = await registerAdmin(app)
  const payload = { roles: ['king', 'user'], disabled: 'no' }
  const url = '/api/v1/users/none'
  const answer = await app.inject({ method: 'PUT', url, headers: authorization, payload })
  t.strictSame(pointersOf(answer), ['path /user_id', 'body /roles/0', 'body /disabled'])

  const query = 'limit=0&state=lost&role=king&more=1'
  const list = await app.inject({ url: `/api/v1/users?${query}`, headers: authorization })
  t.strictSame(pointersOf(list).sort(), ['query /limit', 'query /more', 'query /role', 'query /state'])
})

t.test('a number that is too large to be one is out of bounds', async (t) => {
  const app = await startApp(t)
  const { authorization } = await registerAdmin(app)
  for (const list of ['users', 'audit', 'users/me/sessions', 'users/me/activity'])
    for (const limit of ['1e309', '9'.repeat(330), '-1e309', 'Infinity', 'NaN']) {
      const answer = await app.inject({ url: `/api/v1/${list}?limit=${limit}`, headers: authorization })
      t.equal(answer.statusCode, 400, `${list} ${limit}`)
      t.strictSame(pointersOf(answer), ['query /limit'], `${list} ${limit}`)
    }
})

t.test('twenty faults are told at the most', async (t) => {
  const app = await startApp(t)
  const body = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`member_${index}`, index]))
  t.equal((await faultsOf(app, body)).length, 20)
})

t.test('of a request with more values than any that fits, one fault is told: looking for all would cost', async (t) => {
  const app = await startApp(t)
  const members = Array.from({ length: 8000 }, (_, index) => `"${index.toString(36)}":1`)
  t.equal((await faultsOf(app, `{${members.join(',')}}`)).length, 1, 'many members')
  t.equal((await faultsOf(app, { roles: Array(20_000).fill(1) })).length, 1, 'a long list')
  t.equal((await faultsOf(app, `{"name":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)).length, 1, 'a deep one')
  const { authorization } = await registerAdmin(app)
  const query = Array.from({ length: 500 }, (_, index) => `m${index}=1`).join('&')
  const list = await app.inject({ url: `/api/v1/users?${query}`, headers: authorization })
  t.equal(pointersOf(list).length, 1, 'a long query')
})

t.test('of text that is too long nobody looks at the form', async (t) => {
  const app = await startApp(t)
  const long = `${'a.'.repeat(30_000)}@`
  t.strictSame(await faultsOf(app, { username: long, email: 'ada@example.org', password: 'p' }), [
    'body /username must NOT have more than 64 characters',
  ])
  t.strictSame(await faultsOf(app, { username: 'ada', email: long, password: 'p' }), [
    'body /email must NOT have more than 254 characters',
  ])
})

t.test('who may not ask is not told what does not fit', async (t) => {
  const app = await startApp(t)
  const url = `/api/v1/users/${UID}`
  const answer = await app.inject({ method: 'PUT', url, headers: bearer('none'), payload: {} })
  t.equal(answer.statusCode, 401)
  t.equal(answer.json().errors, undefined)
})
