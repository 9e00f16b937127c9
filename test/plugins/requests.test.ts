import { type AddressInfo, connect } from 'node:net'
import { sql } from 'kysely'
import t from 'tap'
import { bearer, getMe, post, registerSomebody, somebody, startApp, type TestApp, type Tokens } from '../support/app.ts'
import { eventually } from '../support/wait.ts'

interface Line {
  level: number
  msg: string
  reqId?: string
  method?: string
  path?: string
  status?: number
  sub?: string
}

const linesOf = (app: TestApp): Line[] =>
  app
    .logged()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

const OURS = /^[\w-]{16}\.[0-9a-z]+$/

t.test('the client’s own request id comes back, in the answer, the problem and the log', async (t) => {
  const app = await startApp(t)
  for (const id of ['trace-01', 'a.b_c-d.0123456789', '7'.repeat(128)]) {
    const { headers, json } = await app.inject({ url: '/nowhere', headers: { 'x-request-id': id } })
    t.equal(headers['x-request-id'], id)
    t.equal(json<{ request_id: string }>().request_id, id)
    t.equal(linesOf(app).at(-1)?.reqId, id)
  }
})

t.test('an id that could do harm is replaced', async (t) => {
  const app = await startApp(t)
  const ids = new Set<string>()
  for (const id of [
    '',
    'short',
    '7'.repeat(129),
    'two words in it',
    '<script>alert(1)</script>',
    '$(reboot)$(reboot)',
    'naïve-trace',
    '"},{"level":60',
  ]) {
    const { headers } = await app.inject({ url: '/health/live', headers: { 'x-request-id': id } })
    t.match(headers['x-request-id'], OURS, JSON.stringify(id))
    ids.add(String(headers['x-request-id']))
  }
  const { headers } = await app.inject({ url: '/health/live' })
  ids.add(String(headers['x-request-id']))
  t.equal(ids.size, 9, 'each with another')
})

t.test('every request is one line, whatever becomes of it', async (t) => {
  const app = await startApp(t)
  const { authorization, password } = await registerSomebody(app)
  const json = { 'content-type': 'application/json' }
  const requests: Array<[() => Promise<{ statusCode: number }>, Partial<Line>]> = [
    [() => app.inject({ url: '/health?deep=1' }), { method: 'GET', path: '/health', status: 200 }],
    [() => app.inject({ url: '/api/v1/users/me', headers: authorization }), { path: '/api/v1/users/me', status: 200 }],
    [() => app.inject({ url: '/api/v1/users/me?access_token=x' }), { path: '/api/v1/users/me', status: 401 }],
    [() => app.inject({ url: `/nowhere?password=${password}` }), { path: '/nowhere', status: 404 }],
    [() => app.inject({ method: 'PUT', url: '/health' }), { method: 'PUT', path: '/health', status: 405 }],
    [
      () => app.inject({ method: 'POST', url: '/api/v1/auth/login', headers: json, payload: '{"a' }),
      { method: 'POST', path: '/api/v1/auth/login', status: 400 },
    ],
    [() => app.inject({ url: '/api/v1/users/%zz?q=1' }), { path: '/api/v1/users/%zz', status: 400 }],
  ]
  for (const [ask, expected] of requests) {
    const before = linesOf(app).length
    await ask()
    const lines = linesOf(app).slice(before)
    t.equal(lines.length, 1, JSON.stringify(expected))
    t.match(lines[0], { level: 30, msg: 'request', ms: Number, ip: '127.0.0.1', ...expected })
  }
  t.notMatch(app.logged(), /deep=1|access_token=|q=1/)
})

t.test('a request whose client has gone before the answer is a line too', async (t) => {
  const app = await startApp(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1', () =>
    socket.write('GET /health?q=1 HTTP/1.1\r\nHost: x\r\n\r\n', () => socket.destroy()),
  )
  await eventually(() => app.logged().includes('/health'))
  const lines = linesOf(app).filter(({ path }) => path === '/health')
  t.equal(lines.length, 1)
  t.match(lines[0], { msg: /^(request|the client broke its request off)$/, method: 'GET' })
})

t.test('the line says who asked, by the id that never changes', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const { id } = (await getMe(app, person.access_token)).json<{ id: string }>()
  t.equal(linesOf(app).at(-1)?.sub, id)
  t.notMatch(app.logged(), person.email)
  t.notMatch(app.logged(), person.username)
})

t.test('a failure of ours is logged with its cause, and told without', async (t) => {
  const app = await startApp(t)
  await sql`drop table passwords`.execute(app.db)
  const before = linesOf(app).length
  const response = await post(app, '/auth/register', somebody())
  t.equal(response.statusCode, 500)
  t.equal(response.json().code, 'internal_error')
  t.notMatch(response.body, /passwords|sqlite|at /i)
  const [failure, line, ...more] = linesOf(app).slice(before)
  t.match(failure, { level: 50, msg: 'internal_error', err: { message: 'no such table: passwords', stack: String } })
  t.match(line, { level: 30, msg: 'request', status: 500 })
  t.equal(failure?.reqId, response.json().request_id)
  t.strictSame(more, [])
})

t.test('nothing secret is logged, at any level, over a real connection, and not by a failure either', async (t) => {
  const app = await startApp(t, { LOG_LEVEL: 'trace' })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const secrets = ['a-cookie-of-somebody', 'basic-credentials']
  const send = async (path: string, body: object | string, headers: Record<string, string> = {}) => {
    const response = await fetch(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: 'session=a-cookie-of-somebody', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Tokens }
  }
  const person = somebody()
  secrets.push(person.password)
  const { body } = await send('/api/v1/auth/register', person)
  secrets.push(body.access_token, body.refresh_token)
  const refreshed = await send('/api/v1/auth/refresh', { refresh_token: body.refresh_token })
  secrets.push(refreshed.body.access_token, refreshed.body.refresh_token)

  const wrong = 'not the password at all'
  secrets.push(wrong)
  t.equal((await send('/api/v1/auth/login', { identifier: person.username, password: wrong })).status, 401)
  t.equal((await send('/api/v1/auth/login', `{"identifier":"x","password":"${wrong}"`)).status, 400, 'cut off')
  t.equal((await send('/api/v1/auth/login', { identifier: 'x', password: [wrong] })).status, 400, 'another type')
  t.equal((await send('/api/v1/auth/login', { [wrong]: wrong })).status, 400, 'a member’s name')
  const headers = { ...bearer(body.access_token), cookie: 'session=a-cookie-of-somebody' }
  t.equal((await fetch(`${base}/api/v1/users/me?token=${body.access_token}`, { headers })).status, 200)
  const basic = { authorization: 'Basic basic-credentials' }
  t.equal((await fetch(`${base}/api/v1/users/me`, { headers: basic })).status, 401)
  await sql`drop table passwords`.execute(app.db)
  t.equal((await send('/api/v1/auth/login', person)).status, 400)
  const { username, password } = person
  t.equal((await send('/api/v1/auth/login', { identifier: username, password }, headers)).status, 500)
  t.equal((await send('/api/v1/auth/register', somebody({ password }))).status, 500)

  t.ok(app.logged().includes('"status":500'))
  for (const secret of secrets) t.notOk(app.logged().includes(secret), secret)
})

t.test('only JSON comes in', async (t) => {
  const app = await startApp(t)
  const login = (type: string | undefined, payload: string) =>
    app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      headers: { ...(type !== undefined && { 'content-type': type }) },
      payload,
    })
  const body = JSON.stringify({ identifier: 'nobody', password: 'a long password' })
  t.equal((await login('application/json', body)).statusCode, 401)
  t.equal((await login('application/json; charset=utf-8', body)).statusCode, 401)
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    undefined,
  ]) {
    const response = await login(type, body)
    t.equal(response.statusCode, 415, String(type))
    t.equal(response.json().code, 'media_type_unsupported')
  }
  for (const broken of ['[', 'nul', '']) t.equal((await login('application/json', broken)).statusCode, 400, broken)
  for (const poison of ['{"__proto__":{"a":1}}', '{"constructor":{"prototype":{"a":1}}}']) {
    t.equal((await login('application/json', poison)).json().code, 'malformed_json', 'refused before it is an object')
  }
})

t.test('calls without a body may have the header that those with one have', async (t) => {
  const app = await startApp(t)
  const { authorization } = await registerSomebody(app)
  const headers = { ...authorization, 'content-type': 'application/json' }
  t.equal((await app.inject({ method: 'POST', url: '/api/v1/auth/logout-all', headers })).statusCode, 200)
})
