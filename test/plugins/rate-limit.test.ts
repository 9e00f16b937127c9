/** Nobody may ask for more than their share: every call is of a class, and each caller has so many of each. */
import type { FastifyInstance, InjectOptions } from 'fastify'
import t from 'tap'
import { LIMIT_CLASSES } from '../../src/throttling/classes.ts'
import {
  bearer,
  getMe,
  onEachStore,
  onPostgres,
  post,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  testEnvironment,
} from '../support/app.ts'
import { filledIn, startAndListRoutes } from '../support/routes.ts'
import { METRICS_TOKEN, scrape } from '../support/scrape.ts'

const ON = { RATE_LIMIT: 'on' }
const MINUTE = 60_000

const ask = (app: FastifyInstance, remoteAddress: string, options: InjectOptions = {}) =>
  app.inject({ url: '/.well-known/jwks.json', remoteAddress, ...options })

const statuses = async (asked: ReadonlyArray<PromiseLike<{ statusCode: number }>>) =>
  (await Promise.all(asked)).map(({ statusCode }) => statusCode)

t.test('every route counts among some class, unknown URLs and methods too', async (t) => {
  const { app, routes } = await startAndListRoutes(t, ON)
  const admin = await registerAdmin(app)
  t.ok(routes.length > 100)
  for (const { method, url } of [...routes, { method: 'GET', url: '/nowhere' }, { method: 'POST', url: '/nowhere' }]) {
    // what CORS answers is no route of ours
    const { headers, statusCode } = await app.inject({
      method: method as 'GET',
      url: filledIn(url),
      headers: admin.authorization,
    })
    const name = /^"(\w+)";r=\d+;t=\d+$/.exec(String(headers['ratelimit']))?.[1] as never
    t.ok(LIMIT_CLASSES.includes(name), `${method} ${url} ${statusCode}`)
    t.match(headers['ratelimit-policy'], /^"\w+";q=\d+;w=\d+$/)
  }
})

t.test('calls count among the class of their route, and each class by itself', async (t) => {
  const app = await startApp(t, ON)
  const admin = await registerAdmin(app)
  const named: ReadonlyArray<readonly [string, InjectOptions]> = [
    ['public', { url: '/openapi.json' }],
    ['public', { url: '/nowhere' }],
    ['public', { method: 'PUT', url: '/api/v1/auth/login' }],
    ['health', { url: '/health' }],
    ['read', { url: '/api/v1/users/me', headers: admin.authorization }],
    ['write', { method: 'PUT', url: '/api/v1/users/me', payload: { name: 'A' }, headers: admin.authorization }],
    ['admin', { url: '/api/v1/users', headers: admin.authorization }],
    ['gateway', { url: '/api/v1/auth/verify', headers: admin.authorization }],
    ['refused', { url: '/api/v1/users', headers: bearer('no.token.here') }],
    ['refused', { url: '/user', headers: bearer('no.token.here') }],
    ['refresh', { method: 'POST', url: '/api/v1/auth/refresh', payload: { refresh_token: 'x' } }],
    ['login', { method: 'POST', url: '/api/v1/auth/login', payload: { identifier: 'x', password: 'y' } }],
    ['login', { method: 'POST', url: '/auth/login', payload: { identifier: 'x', password: 'y' } }],
    ['login', { method: 'POST', url: '/authenticate_user', payload: { username: 'x', password: 'y' } }],
    ['register', { method: 'POST', url: '/api/v1/auth/register', payload: somebody() }],
    ['register', { method: 'POST', url: '/auth/signup', payload: {} }],
  ]
  for (const [name, options] of named) {
    const { headers } = await app.inject(options)
    t.match(headers['ratelimit'], `"${name}"`, `${options.method ?? 'GET'} ${options.url}`)
  }
})

t.test('who has asked too often is told when to come back, and is served then', async (t) => {
  const app = await startApp(t, { ...ON, RATE_LIMITS: 'public=3/1m' })
  t.strictSame(await statuses([1, 2, 3].map(() => ask(app, '192.0.2.1'))), [200, 200, 200])
  app.clock.advance(20_500)
  const refused = await ask(app, '192.0.2.1')
  t.equal(refused.statusCode, 429)
  t.match(refused.headers, {
    'retry-after': '40',
    ratelimit: '"public";r=0;t=40',
    'ratelimit-policy': '"public";q=3;w=60',
  })
  t.match(refused.json(), { code: 'rate_limited', status: 429 })
  t.equal((await ask(app, '192.0.2.1', { url: '/nowhere' })).statusCode, 429)
  t.equal((await ask(app, '192.0.2.1', { url: '/health/live' })).statusCode, 200, 'another class is not touched')
  t.equal((await ask(app, '192.0.2.2')).statusCode, 200, 'nor is another address')
  app.clock.advance(39_500)
  const served = await ask(app, '192.0.2.1')
  t.equal(served.statusCode, 200)
  t.match(served.headers, { ratelimit: '"public";r=2;t=60' })
})

t.test('what is signed in counts by account, wherever it asks from', async (t) => {
  const app = await startApp(t, { ...ON, RATE_LIMITS: 'read=2/1m,write=2/1m' })
  const [one, two] = [await registerSomebody(app), await registerSomebody(app)]
  const calls = [{ method: 'GET' }, { method: 'PUT', payload: { name: 'Ada' } }] as const
  for (const call of calls) {
    const from = (person: typeof one, remoteAddress: string) =>
      app.inject({ ...call, url: '/api/v1/users/me', headers: person.authorization, remoteAddress })
    t.strictSame(
      await statuses(['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => from(one, address))),
      [200, 200, 429],
    )
    t.equal((await from(two, '192.0.2.1')).statusCode, 200)
  }
})

t.test('refused tokens count by address, and take nothing from who has a good one there', async (t) => {
  const app = await startApp(t, { ...ON, RATE_LIMITS: 'refused=3/1m' })
  const person = await registerSomebody(app)
  const wrong = [{}, bearer('x.y.z'), bearer(`${person.access_token}x`), bearer('x.y.z')]
  const tried = []
  for (const headers of wrong) tried.push((await app.inject({ url: '/api/v1/users/me', headers })).statusCode)
  t.strictSame(tried, [401, 401, 401, 429])
  t.equal((await app.inject({ url: '/user', headers: bearer('x.y.z') })).statusCode, 429, 'in a dialect too')
  t.equal((await getMe(app, person.access_token)).statusCode, 200)
})

t.test('a wrong token takes nothing from who uses a link there without one', async (t) => {
  const app = await startApp(t, { ...ON, RATE_LIMITS: 'code=1/1h' })
  const confirm = (headers = {}) => post(app, '/auth/email/change/confirm', { token: 'x' }, headers)
  const tried = []
  for (const headers of [bearer('x.y.z'), {}, {}]) tried.push((await confirm(headers)).statusCode)
  t.strictSame(tried, [401, 400, 429])
})

t.test('who asks for what they may not counts as who may', async (t) => {
  const app = await startApp(t, { ...ON, RATE_LIMITS: 'admin=2/1m,export=2/1h,write=2/1m', ACCESS_TOKEN_TTL: '1h' })
  const { authorization: headers } = await registerSomebody(app)
  const ask = (options: InjectOptions) => app.inject({ headers, ...options })
  app.clock.advance(20 * MINUTE)
  const calls: readonly InjectOptions[] = [
    { url: '/api/v1/users' },
    { url: '/api/v1/users/me/export' },
    // whether this needs a recent proof is known when the body is there, and it has counted by then
    { method: 'PUT', url: '/api/v1/users/me', payload: { email: 'ada@example.org' } },
  ]
  for (const call of calls) {
    const answers = []
    for (let time = 0; time < 3; time += 1) answers.push((await ask(call)).statusCode)
    t.strictSame(answers, [403, 403, 429], String(call.url))
  }
})

t.test('an IPv6 address counts with its network of 64 bits', async (t) => {
  const app = await startApp(t, { ...ON, RATE_LIMITS: 'public=2/1m' })
  t.strictSame(
    await statuses(['2001:db8:1:1::1', '2001:db8:1:1:ffff::2', '2001:db8:1:1::3'].map((address) => ask(app, address))),
    [200, 200, 429],
  )
  t.equal((await ask(app, '2001:db8:1:2::1')).statusCode, 200)
})

t.test('a forwarded address counts only where TRUST_PROXY says so; elsewhere it is told once', async (t) => {
  const forwarded = (app: FastifyInstance, remoteAddress: string, address: string) =>
    ask(app, remoteAddress, { headers: { 'x-forwarded-for': address } })
  await t.test('nobody is trusted', async (t) => {
    const app = await startApp(t, { ...ON, RATE_LIMITS: 'public=2/1m' })
    const answers = [1, 2, 3].map((host) => forwarded(app, '192.0.2.1', `198.51.100.${host}`))
    t.strictSame(await statuses(answers), [200, 200, 429])
    t.equal(app.logged().split('X-Forwarded-For is ignored').length - 1, 1)
  })
  await t.test('a network is trusted', async (t) => {
    const app = await startApp(t, { ...ON, RATE_LIMITS: 'public=2/1m', TRUST_PROXY: '10.0.0.0/8' })
    const answers = [1, 2, 3].map((host) => forwarded(app, '10.0.0.1', `198.51.100.${host}`))
    t.strictSame(await statuses(answers), [200, 200, 200])
    t.notMatch(app.logged(), 'X-Forwarded-For is ignored')
    t.strictSame(
      await statuses([1, 2, 3].map((host) => forwarded(app, '192.0.2.1', `198.51.100.${host}`))),
      [200, 200, 429],
    )
    t.equal(app.logged().split('X-Forwarded-For is ignored').length - 1, 1)
  })
  await t.test('a number of hops is trusted, and what is no address is one caller', async (t) => {
    const app = await startApp(t, { ...ON, RATE_LIMITS: 'public=2/1m', TRUST_PROXY: '1' })
    t.strictSame(await statuses([1, 2, 3].map((n) => forwarded(app, '192.0.2.1', `nonsense${n}`))), [200, 200, 429])
  })
})

t.test('expensive calls are counted by all nodes together, the others by each', (t) =>
  onEachStore(t, async (t, environment) => {
    const limits = { ...environment, ...ON, RATE_LIMITS: 'login=4/1m,public=4/1m' }
    // Redis goes on counting where the last run of this test ended
    const remoteAddress = `10.${process.pid % 250}.${Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 250)}`
    const one = await startApp(t, testEnvironment(t, limits))
    const two = await startApp(t, one.environment)
    const logIn = (app: FastifyInstance) =>
      app.inject({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { identifier: 'nobody', password: 'x' },
        remoteAddress,
      })
    const logins = []
    for (const app of [one, two, one, two, one, two]) logins.push((await logIn(app)).statusCode)
    t.strictSame(logins, [401, 401, 401, 401, 429, 429])
    t.strictSame(
      await statuses([one, two, one, two, one, two].map((app) => ask(app, '192.0.2.1'))),
      [200, 200, 200, 200, 200, 200],
    )
  }),
)

t.test('who is over a shared limit costs the store nothing', async (t) => {
  const app = await startApp(t, { ...ON, RATE_LIMITS: 'login=2/1m' })
  let counted = 0
  const { count } = app.ephemeral
  app.ephemeral.count = (...args) => {
    counted += 1
    return count(...args)
  }
  for (let time = 0; time < 20; time += 1) await post(app, '/auth/login', { identifier: 'nobody', password: 'x' })
  t.equal(counted, 3)
  app.clock.advance(MINUTE)
  t.equal((await post(app, '/auth/login', { identifier: 'nobody', password: 'x' })).statusCode, 401)
})

if (!onPostgres()) {
  t.test('switched off, nothing is counted', async (t) => {
    const app = await startApp(t, { RATE_LIMITS: 'public=1/1m' })
    const answers = await Promise.all([1, 2, 3].map(() => ask(app, '192.0.2.1')))
    for (const { statusCode, headers } of answers) {
      t.equal(statusCode, 200)
      t.equal(headers['ratelimit'], undefined)
    }
  })

  t.test('dialects say it in their words', async (t) => {
    const app = await startApp(t, { ...ON, RATE_LIMITS: 'login=1/1m' })
    const logIn = (payload: object, url = '/auth/login') => app.inject({ method: 'POST', url, payload })
    await logIn({ identifier: 'nobody', password: 'x' })
    const flask = await logIn({ identifier: 'nobody', password: 'x' })
    t.equal(flask.statusCode, 429)
    t.equal(flask.headers['retry-after'], '60')
    // before the body was read it may be either of two; one would do without the status
    t.strictSame(flask.json(), { status: 'failed', message: 'Too many requests.' })
    const demo = await logIn({ username: 'nobody', password: 'x' }, '/authenticate_user')
    t.strictSame(demo.json(), { error: 'Too many requests.' })
  })

  t.test('metrics tell how many were refused, by class', async (t) => {
    const app = await startApp(t, { ...ON, RATE_LIMITS: 'health=1/1m', METRICS: `token:${METRICS_TOKEN}` })
    for (let time = 0; time < 4; time += 1) await app.inject({ url: '/health/live' })
    const scraped = await scrape(app)
    t.equal(scraped.get('latchkey_rate_limited_total{class="health"}'), 3)
    t.equal(scraped.get('latchkey_rate_limited_total{class="login"}'), 0)
  })
}
