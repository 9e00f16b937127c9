import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { post, somebody, startApp, testEnvironment } from '../support/app.ts'

const APP = 'https://app.example.org'
const OTHER = 'https://evil.example.net'

t.test('every kind of answer carries the security headers', async (t) => {
  const app = await startApp(t, { BODY_LIMIT: '1024' })
  const json = { 'content-type': 'application/json' }
  const answers = {
    200: () => app.inject({ url: '/health/live' }),
    400: () => app.inject({ method: 'POST', url: '/api/v1/auth/login', headers: json, payload: '{' }),
    401: () => app.inject({ url: '/api/v1/users/me' }),
    404: () => app.inject({ url: '/nowhere' }),
    405: () => app.inject({ method: 'DELETE', url: '/health' }),
    413: () => post(app, '/auth/login', { identifier: 'x'.repeat(2000), password: 'y' }),
    415: () =>
      app.inject({ method: 'POST', url: '/api/v1/auth/login', headers: { 'content-type': 'a/b' }, payload: 'x' }),
    500: async () => {
      await sql`drop table passwords`.execute(app.db)
      return post(app, '/auth/register', somebody())
    },
  }
  for (const [status, ask] of Object.entries(answers)) {
    const { statusCode, headers } = await ask()
    t.equal(statusCode, Number(status))
    t.match(
      headers,
      {
        'content-security-policy': "default-src 'none';base-uri 'none';frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'SAMEORIGIN',
        'x-request-id': /^[\w-]{16}\.[0-9a-z]+$/,
      },
      status,
    )
    t.notOk(headers['x-powered-by'])
    t.notOk(headers['server'])
    t.notOk(headers['access-control-allow-origin'])
  }
})

t.test('a URL that cannot be read is answered with the same headers', async (t) => {
  const app = await startApp(t)
  const { statusCode, headers } = await app.inject({ url: '/api/v1/users/%zz' })
  t.equal(statusCode, 400)
  t.match(headers, { 'x-content-type-options': 'nosniff', 'strict-transport-security': String })
})

t.test('the pages have a policy of their own, and all the other headers', async (t) => {
  const app = await startApp(t)
  for (const url of ['/docs', '/redoc']) {
    const { statusCode, headers } = await app.inject({ url })
    t.equal(statusCode, 200)
    t.match(headers['content-security-policy'], "script-src 'self'")
    t.match(headers, { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
  }
})

const origin = (from: string) => ({ origin: from })
const preflightFrom = (from: string, method = 'PUT') => ({
  origin: from,
  'access-control-request-method': method,
  'access-control-request-headers': 'authorization,content-type',
})

t.test('by default no other origin may call', async (t) => {
  const app = await startApp(t)
  const simple = await app.inject({ url: '/health', headers: origin(APP) })
  t.equal(simple.statusCode, 200)
  t.notOk(simple.headers['access-control-allow-origin'])
  const preflight = await app.inject({ method: 'OPTIONS', url: '/api/v1/users/me', headers: preflightFrom(APP) })
  t.equal(preflight.statusCode, 405)
  t.notOk(preflight.headers['access-control-allow-origin'])
})

/** The service with two origins; not watched, since no contract speaks of preflights. */
async function appForOrigins(t: Test) {
  const config = loadConfig(testEnvironment(t, { CORS_ORIGINS: `${APP},http://localhost:5173`, LOG_LEVEL: 'silent' }))
  const app = await buildApp(config)
  t.teardown(() => app.close())
  return app
}

t.test('the origins that are configured may call, and read errors too', async (t) => {
  const app = await appForOrigins(t)
  for (const from of [APP, 'http://localhost:5173']) {
    for (const [url, status] of [
      ['/health', 200],
      ['/api/v1/users/me', 401],
      ['/nowhere', 404],
    ] as const) {
      const { statusCode, headers } = await app.inject({ url, headers: origin(from) })
      t.equal(statusCode, status)
      t.equal(headers['access-control-allow-origin'], from)
      t.match(headers['vary'], /origin/i, 'a cache must not hand one origin’s answer to another')
      t.match(headers['access-control-expose-headers'], 'x-request-id')
      t.notOk(headers['access-control-allow-credentials'], 'tokens are sent by programs, not by browsers on their own')
    }
  }
})

t.test('no other origin may, however alike it looks', async (t) => {
  const app = await appForOrigins(t)
  for (const from of [
    OTHER,
    'null',
    `${APP}.evil.net`,
    'https://evil-app.example.org',
    'http://app.example.org',
    `${APP}:8443`,
  ]) {
    const simple = await app.inject({ url: '/health', headers: origin(from) })
    t.notOk(simple.headers['access-control-allow-origin'], from)
    const preflight = await app.inject({ method: 'OPTIONS', url: '/api/v1/users/me', headers: preflightFrom(from) })
    t.notOk(preflight.headers['access-control-allow-origin'], `${from}, preflight`)
  }
})

t.test('a preflight says which methods and headers may come, and is remembered', async (t) => {
  const app = await appForOrigins(t)
  for (const url of ['/api/v1/users/me', '/api/v1/auth/login', '/nowhere']) {
    const { statusCode, headers, body } = await app.inject({ method: 'OPTIONS', url, headers: preflightFrom(APP) })
    t.equal(statusCode, 204)
    t.equal(body, '')
    t.match(headers, {
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'GET, POST, PUT, DELETE',
      'access-control-allow-headers': 'authorization, content-type, x-device-token, x-proof-of-work, x-request-id',
      'access-control-max-age': '600',
    })
  }
})

t.test('OPTIONS that is no preflight is a method like any other', async (t) => {
  const app = await appForOrigins(t)
  const { statusCode, headers } = await app.inject({ method: 'OPTIONS', url: '/health' })
  t.equal(statusCode, 405)
  t.equal(headers['allow'], 'GET, HEAD')
  t.match(headers['content-type'], /^application\/problem\+json/)
})
