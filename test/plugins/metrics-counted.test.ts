/** Metrics tell what happened, no more and no less. */
import t, { type Test } from 'tap'
import { STATE_MAX_AGE } from '../../src/sessions/states.ts'
import {
  bearer,
  type Environment,
  getMe,
  login,
  onEachStore,
  onPostgres,
  post,
  refresh,
  registerAdmin,
  registerSomebody,
  startApp,
  testClock,
} from '../support/app.ts'
import { growth, METRICS_TOKEN, type Scrape, scrape } from '../support/scrape.ts'
import { eventually, whileAsked } from '../support/wait.ts'

const METRICS = { METRICS: `token:${METRICS_TOKEN}` }

/** Long enough for others to come meanwhile. */
const SLOW_HASH = { ARGON2_MEMORY: '16384', ARGON2_TIME: '10' }

/** The service, and what has grown since the last look. */
async function startCounted(t: Test, environment: Environment = {}) {
  const app = await startApp(t, { ...METRICS, ...environment })
  let before: Scrape = await scrape(app)
  return {
    app,
    async grown(prefix: string) {
      const now = await scrape(app)
      const result = growth(before, now, prefix)
      before = now
      return result
    },
  }
}

t.test('requests are counted once each, whatever came of them', async (t) => {
  const { app, grown } = await startCounted(t)
  const person = await registerSomebody(app)
  for (let time = 0; time < 3; time += 1) await getMe(app, person.access_token)
  await app.inject({ method: 'HEAD', url: '/health/live' })
  for (const url of ['/nowhere', '/else', `/x/${person.username}`]) await app.inject({ url })
  await app.inject({ method: 'DELETE', url: '/nowhere' })
  t.strictSame(await grown('latchkey_http_request_duration_seconds_count'), {
    '{method="POST",route="/api/v1/auth/register",status="201"}': 1,
    '{method="GET",route="/api/v1/users/me",status="200"}': 3,
    '{method="HEAD",route="/health/live",status="200"}': 1,
    '{method="GET",route="unknown",status="404"}': 3,
    '{method="DELETE",route="unknown",status="404"}': 1,
    // the look before
    '{method="GET",route="/metrics",status="200"}': 1,
  })
})

t.test('the buckets of a histogram hold one another, and the last holds all', async (t) => {
  const { app } = await startCounted(t)
  for (let time = 0; time < 5; time += 1) await app.inject({ url: '/health/live' })
  const scraped = await scrape(app)
  const labels = 'method="GET",route="/health/live",status="200"'
  const name = 'latchkey_http_request_duration_seconds'
  const buckets = [...scraped].filter(([key]) => key.startsWith(`${name}_bucket{${labels}`)).map(([, count]) => count)
  t.ok(buckets.length > 10)
  t.strictSame(
    buckets,
    buckets.toSorted((a, b) => a - b),
  )
  t.equal(buckets.at(-1), 5)
  t.equal(scraped.get(`${name}_count{${labels}}`), 5)
  const sum = scraped.get(`${name}_sum{${labels}}`) ?? 0
  t.ok(sum > 0 && sum < 60, 'in seconds')
})

t.test('every refresh is counted by what became of its token', async (t) => {
  const { app, grown } = await startCounted(t)
  const outcomes = () => grown('latchkey_refreshes_total')
  const first = await registerSomebody(app)
  const second = (await refresh(app, first.refresh_token)).json().refresh_token
  t.strictSame(await outcomes(), { '{outcome="refreshed"}': 1 })
  await refresh(app, first.refresh_token)
  t.strictSame(await outcomes(), { '{outcome="repeated"}': 1 })
  app.clock.advance(11_000)
  await refresh(app, first.refresh_token)
  await refresh(app, second)
  t.strictSame(await outcomes(), { '{outcome="reused"}': 2 }, 'the theft, and the owner who learns of it')

  const other = await registerSomebody(app)
  for (const token of ['nonsense', `${other.refresh_token.slice(0, -4)}AAAA`]) await refresh(app, token)
  t.strictSame(await outcomes(), { '{outcome="invalid"}': 2 })
  await post(app, '/auth/logout', { refresh_token: other.refresh_token })
  await refresh(app, other.refresh_token)
  t.strictSame(await outcomes(), { '{outcome="ended"}': 1 })
  const late = await registerSomebody(app)
  app.clock.advance(40 * 86_400_000)
  await refresh(app, late.refresh_token)
  t.strictSame(await outcomes(), { '{outcome="expired"}': 1 })
})

t.test('of tabs that refresh at once each is counted, and one has refreshed', async (t) => {
  const { app, grown } = await startCounted(t)
  const { refresh_token } = await registerSomebody(app)
  await Promise.all([1, 2, 3, 4, 5].map(() => refresh(app, refresh_token)))
  t.strictSame(await grown('latchkey_refreshes_total'), { '{outcome="refreshed"}': 1, '{outcome="repeated"}': 4 })
})

t.test('sessions that end before their time are counted by reason', async (t) => {
  const { app, grown } = await startCounted(t)
  const ended = () => grown('latchkey_sessions_ended_total')
  const admin = await registerAdmin(app)
  const person = await registerSomebody(app)
  const again = () => login(app, person.username, person.password)

  const { refresh_token } = await again()
  for (let time = 0; time < 2; time += 1) await post(app, '/auth/logout', { refresh_token })
  t.strictSame(await ended(), { '{reason="logout"}': 1 }, 'the second time ends nothing')
  await again()
  const { access_token } = await again()
  const change = { current_password: person.password, new_password: person.password }
  await post(app, '/users/me/password', change, bearer(access_token))
  t.strictSame(await ended(), { '{reason="password_changed"}': 2 })
  await again()
  await post(app, '/auth/logout-all', {}, bearer(access_token))
  t.strictSame(await ended(), { '{reason="logout_all"}': 2 })

  const tokens = await again()
  const { items } = (
    await app.inject({ url: '/api/v1/users/me/sessions', headers: bearer(tokens.access_token) })
  ).json()
  const url = `/api/v1/users/me/sessions/${items[0].id}`
  t.equal((await app.inject({ method: 'DELETE', url, headers: bearer(tokens.access_token) })).statusCode, 204)
  t.strictSame(await ended(), { '{reason="revoked_by_owner"}': 1 })

  const { id } = (await getMe(app, (await again()).access_token)).json()
  const user = { url: `/api/v1/users/${id}`, headers: admin.authorization }
  await app.inject({ method: 'DELETE', url: `${user.url}/sessions`, headers: user.headers })
  t.strictSame(await ended(), { '{reason="revoked_by_admin"}': 1 })
  await again()
  await app.inject({ method: 'PUT', ...user, payload: { disabled: true } })
  t.strictSame(await ended(), { '{reason="account_disabled"}': 1 })

  const stolen = await registerSomebody(app)
  await refresh(app, stolen.refresh_token)
  app.clock.advance(11_000)
  await refresh(app, stolen.refresh_token)
  t.strictSame(await ended(), { '{reason="refresh_token_reused"}': 1 })
})

t.test('the guard’s look-ups are counted once each, hit or miss', async (t) => {
  const { app, grown } = await startCounted(t)
  const person = await registerSomebody(app)
  const grownCaches = async () => {
    const caches = await grown('latchkey_')
    return Object.fromEntries(Object.entries(caches).filter(([name]) => /^(token|session)_cache/.test(name)))
  }
  await getMe(app, person.access_token)
  t.strictSame(await grownCaches(), {
    'session_cache_total{result="miss"}': 1,
    'token_cache_total{result="miss"}': 1,
  })
  for (let time = 0; time < 4; time += 1) await getMe(app, person.access_token)
  t.strictSame(await grownCaches(), { 'session_cache_total{result="hit"}': 4, 'token_cache_total{result="hit"}': 4 })
  await app.inject({ url: '/api/v1/users/me' })
  t.strictSame(await grownCaches(), {}, 'without a token nothing is looked up')
  await whileAsked(app, STATE_MAX_AGE, () => app.ephemeral.catchUp())
  await getMe(app, person.access_token)
  await getMe(app, person.access_token)
  t.strictSame(
    await grownCaches(),
    {
      'session_cache_total{result="hit"}': 1,
      'session_cache_total{result="miss"}': 1,
      'token_cache_total{result="hit"}': 2,
    },
    'what is old is read again',
  )
})

t.test('password hashes are counted with their wait, and those that were refused', async (t) => {
  const { app, grown } = await startCounted(t, { HASH_CONCURRENCY: '1', HASH_QUEUE: '2', ...SLOW_HASH })
  const person = await registerSomebody(app)
  t.strictSame(await grown('latchkey_hash_duration_seconds_count'), { '': 1 })
  const { username: identifier } = person
  const answers = await Promise.all(
    [1, 2, 3, 4, 5].map(() => post(app, '/auth/login', { identifier, password: 'not the password' })),
  )
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [401, 401, 401, 503, 503])
  t.strictSame(await grown('latchkey_hash_refused_total'), { '{cause="full"}': 2 })
  const scraped = await scrape(app)
  t.equal(scraped.get('latchkey_hash_duration_seconds_count'), 4)
  t.equal(scraped.get('latchkey_hash_wait_seconds_count'), 4)
  const waited = scraped.get('latchkey_hash_wait_seconds_sum') ?? 0
  const worked = scraped.get('latchkey_hash_duration_seconds_sum') ?? 0
  t.ok(waited > 0 && worked > 0, `${waited} s waiting, ${worked} s working`)
})

t.test('what the stores take is measured, and nothing beside', (t) =>
  onEachStore(t, async (t, environment) => {
    const { app, grown } = await startCounted(t, environment)
    const store = onPostgres() ? 'postgres' : 'sqlite'
    const step = (name: string) => `{store="${store}",step="${name}"}`
    await grown('')
    await app.inject({ url: '/health/live' })
    if (!onPostgres()) t.strictSame(await grown('latchkey_store_duration_seconds_count'), {})
    await registerSomebody(app)
    const steps = await grown('latchkey_store_duration_seconds_count')
    t.equal(steps[step('begin')], 1)
    t.equal(steps[step('commit')], 1)
    t.ok((steps[step('statement')] ?? 0) >= 4, 'account, password, role, session')
    t.ok((steps[step('connection')] ?? 0) >= 1)

    await app.ephemeral.count('key', 1000)
    const redis = (await grown('latchkey_store_duration_seconds_count'))['{store="redis",step="command"}']
    t.equal(redis, environment['REDIS_URL'] ? 1 : undefined)
  }),
)

t.test('how long news took from another node is measured there, by the clocks of both', async (t) => {
  const there = await startApp(t)
  const here = await startApp(t, { ...there.environment, ...METRICS }, testClock(there.clock.now() + 3000))
  const name = 'latchkey_news_delay_seconds'
  await post(here, '/auth/logout', { refresh_token: (await registerSomebody(here)).refresh_token })
  t.equal((await scrape(here)).get(`${name}_count`), 0, 'its own is no news')

  const person = await registerSomebody(there)
  await getMe(here, person.access_token)
  await post(there, '/auth/logout', { refresh_token: person.refresh_token })
  await eventually(async () => {
    await getMe(here, person.access_token)
    return ((await scrape(here)).get(`${name}_count`) ?? 0) > 0
  })
  const heard = growth(new Map(), await scrape(here), name)
  t.equal(heard['_count'], 1)
  t.equal(heard['_sum'], 3)
  t.equal(heard['_bucket{le="2.5"}'], undefined)
  t.equal(heard['_bucket{le="5"}'], 1)
})
