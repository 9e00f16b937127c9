import { readFileSync } from 'node:fs'
import t from 'tap'
import { isLeftOut, onEachStore, onPostgres, startApp } from '../support/app.ts'
import { matchLists } from '../support/match.ts'
import { startRedis } from '../support/redis.ts'
import { eventually } from '../support/wait.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

t.test('a healthy service says what it stands on', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, environment)
    const health = await app.inject({ url: '/health' })
    t.equal(health.statusCode, 200)
    t.strictSame(health.json(), {
      status: 'ok',
      version,
      database: { kind: onPostgres() ? 'postgres' : 'sqlite', status: 'ok' },
      ephemeral: { kind: environment['REDIS_URL'] ? 'redis' : 'sql', status: 'ok' },
    })
    for (const url of ['/health/live', '/health/ready']) {
      const response = await app.inject({ url })
      t.strictSame([response.statusCode, response.json()], [200, { status: 'ok' }])
    }
  }),
)

t.test('without Redis the service is degraded, says so soon, and recovers', { skip: isLeftOut('redis') }, async (t) => {
  const redis = await startRedis()
  const app = await startApp(t, { REDIS_URL: redis.url })
  const health = async () => {
    const response = await app.inject({ url: '/health' })
    t.equal(response.statusCode, 200)
    return response.json()
  }
  t.match(await health(), { status: 'ok' })
  await redis.stop()
  const begin = performance.now()
  t.match(await health(), {
    status: 'degraded',
    database: { status: 'ok' },
    ephemeral: { kind: 'redis', status: 'down' },
  })
  t.ok(performance.now() - begin < 3000)
  t.equal((await app.inject({ url: '/health/live' })).statusCode, 200)
  t.equal((await app.inject({ url: '/health/ready' })).statusCode, 200, 'signing in needs no Redis')
  const again = await startRedis(redis.port)
  t.teardown(() => again.stop())
  await eventually(async () => (await health()).status === 'ok')
})

t.test('without its database the service lives, but is not ready', async (t) => {
  const app = await startApp(t)
  await app.db.destroy()
  const health = await app.inject({ url: '/health' })
  matchLists(t, [health.statusCode, health.json()], [200, { status: 'degraded', database: { status: 'down' } }])
  const ready = await app.inject({ url: '/health/ready' })
  matchLists(
    t,
    [ready.statusCode, ready.json()],
    [503, { code: 'unavailable', detail: 'The database does not answer.' }],
  )
  t.equal(ready.headers['retry-after'], '5')
  t.equal((await app.inject({ url: '/health/live' })).statusCode, 200)
})

t.test('a service that stops is not ready, and does what it is asked', async (t) => {
  const app = await startApp(t)
  app.beginStopping()
  const ready = await app.inject({ url: '/health/ready' })
  matchLists(t, [ready.statusCode, ready.json()], [503, { code: 'unavailable', detail: 'The service is stopping.' }])
  t.equal(ready.headers['retry-after'], '1')
  t.match((await app.inject({ url: '/health' })).json(), { status: 'stopping' })
  t.equal((await app.inject({ url: '/health/live' })).statusCode, 200)
  t.equal((await app.inject({ url: '/.well-known/jwks.json' })).statusCode, 200)
})

t.test('a service that stops parts with its connections', async (t) => {
  const app = await startApp(t)
  const live = `${await app.listen({ host: '127.0.0.1', port: 0 })}/health/live`
  t.not((await fetch(live)).headers.get('connection'), 'close')
  app.beginStopping()
  t.equal((await fetch(live)).headers.get('connection'), 'close')
})

t.test('health needs no token and is kept by no cache', async (t) => {
  const app = await startApp(t)
  for (const url of ['/health', '/health/live', '/health/ready']) {
    const { statusCode, headers } = await app.inject({ url, headers: { authorization: 'Bearer nonsense' } })
    t.strictSame([statusCode, headers['cache-control']], [200, 'no-store'])
  }
})
