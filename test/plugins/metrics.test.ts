import t from 'tap'
import { bearer, login, registerAdmin, registerSomebody, startApp } from '../support/app.ts'
import { freePort } from '../support/ports.ts'

const TOKEN = 'a-token-for-metrics'

t.test('without METRICS there are none', async (t) => {
  const app = await startApp(t)
  t.equal((await app.inject({ url: '/metrics' })).statusCode, 404)
})

t.test('with a token they are for its bearers only', async (t) => {
  const app = await startApp(t, { METRICS: `token:${TOKEN}` })
  const ask = (authorization?: string) =>
    app.inject({ url: '/metrics', headers: { ...(authorization !== undefined && { authorization }) } })
  const missing = await ask()
  t.equal(missing.statusCode, 401)
  t.equal(missing.json().code, 'token_missing')
  t.equal(missing.headers['www-authenticate'], 'Bearer realm="latchkey"')
  for (const wrong of ['', TOKEN, `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`]) {
    const { statusCode, body } = await ask(wrong)
    t.equal(statusCode, 401, wrong)
    t.notMatch(body, TOKEN)
  }
  const admin = await registerAdmin(app)
  t.equal((await ask(admin.authorization.authorization)).statusCode, 401, 'being an administrator is another thing')
  for (const right of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`]) {
    const { statusCode, headers, body } = await ask(right)
    t.equal(statusCode, 200)
    t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
    t.match(body, /^process_cpu_user_seconds_total \d/m)
  }
  t.equal((await app.inject({ method: 'POST', url: '/metrics', headers: bearer(TOKEN) })).statusCode, 405)
  t.notMatch(app.logged(), TOKEN)
})

t.test('on an address of their own they are not at the service’s', async (t) => {
  const port = await freePort()
  const app = await startApp(t, { METRICS: `127.0.0.1:${port}` })
  t.equal((await app.inject({ url: '/metrics' })).statusCode, 404)
  const base = `http://127.0.0.1:${port}`
  const response = await fetch(`${base}/metrics`)
  t.equal(response.status, 200)
  t.match(await response.text(), /^latchkey_hash_waiting 0$/m)
  t.equal((await fetch(`${base}/metrics`, { method: 'POST' })).status, 405)
  for (const path of ['/', '/health', '/api/v1/users/me']) t.equal((await fetch(base + path)).status, 404)
  await app.close()
  await t.rejects(fetch(`${base}/metrics`), { message: 'fetch failed' }, 'they end with the service')
})

t.test('requests are counted by route, without anything that belongs to one person', async (t) => {
  const app = await startApp(t, { METRICS: `token:${TOKEN}` })
  const admin = await registerAdmin(app)
  const person = await registerSomebody(app)
  await login(app, person.username, person.password)
  const me = await app.inject({ url: '/api/v1/users/me', headers: person.authorization })
  const { id } = me.json<{ id: string }>()
  await app.inject({ url: `/api/v1/users/${id}?q=${person.username}`, headers: admin.authorization })
  await app.inject({ url: `/nowhere/${person.email}` })
  await app.inject({ method: 'DELETE', url: '/health/live' })

  const { body } = await app.inject({ url: '/metrics', headers: bearer(TOKEN) })
  const counted = (method: string, route: string, status: number) =>
    new RegExp(
      `^latchkey_http_request_duration_seconds_count\\{method="${method}",route="${route}",status="${status}"\\} 1$`,
      'm',
    )
  t.match(body, counted('POST', '/api/v1/auth/register', 201))
  t.match(body, counted('GET', '/api/v1/users/me', 200))
  t.match(body, counted('GET', '/api/v1/users/:user_id', 200))
  t.match(body, counted('GET', 'unknown', 404))
  t.match(body, counted('DELETE', '/health/live', 405))
  t.match(body, /^latchkey_http_request_duration_seconds_bucket\{method="GET",route=.+,le="0\.005"\} \d+$/m)
  for (const secret of [id, person.username, person.email, person.access_token, TOKEN]) t.notMatch(body, secret)
  t.match(body, /^latchkey_hash_running 0$/m)
  t.match(body, /^latchkey_sessions_remembered 2$/m)
  t.match(body, /^latchkey_tokens_remembered 2$/m)
})
