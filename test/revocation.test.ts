import { Redis } from 'ioredis'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import type { Db } from '../src/db/open.ts'
import { STATE_MAX_AGE } from '../src/sessions/states.ts'
import {
  bearer,
  getMe,
  isLeftOut,
  login,
  onEachStore,
  onPostgres,
  post,
  refresh,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type Tokens,
  testEnvironment,
} from './support/app.ts'
import { type Connection, connectionToEach } from './support/load.ts'
import { startRedis } from './support/redis.ts'
import { call, startService } from './support/service.ts'
import { eventually, whileAsked } from './support/wait.ts'

t.test('two nodes', (t) =>
  onEachStore(t, async (t, environment) => {
    t.test('what ends a session on one node ends it on the other with the next request', async (t) => {
      const here = await startApp(t, environment)
      const there = await startApp(t, here.environment, here.clock)
      const admin = await registerAdmin(here)
      const ends = {
        logout: (token: { refresh_token: string }) =>
          post(here, '/auth/logout', { refresh_token: token.refresh_token }),
        'logout-all': (_: object, person: Person) => post(here, '/auth/logout-all', {}, person.authorization),
        disable: async (_: object, person: Person) =>
          here.inject({
            method: 'PUT',
            url: await userUrl(person),
            payload: { disabled: true },
            headers: admin.authorization,
          }),
        delete: async (_: object, person: Person) =>
          here.inject({ method: 'DELETE', url: await userUrl(person), headers: admin.authorization }),
        'password change': (_: object, person: Person) =>
          post(
            here,
            '/users/me/password',
            { current_password: person.password, new_password: 'another password' },
            person.authorization,
          ),
      }
      type Person = Awaited<ReturnType<typeof registerSomebody>>
      const userUrl = async (person: Person) => `/api/v1/users/${(await getMe(here, person.access_token)).json().id}`
      for (const [cause, end] of Object.entries(ends)) {
        const person = await registerSomebody(here)
        const session = await login(here, person.username, person.password)
        for (let seen = 0; seen < 3; seen += 1)
          t.equal((await getMe(there, session.access_token)).statusCode, 200, `${cause}: before`)
        const answer = await end(session, person)
        t.ok(answer.statusCode < 300, cause)
        t.equal((await getMe(there, session.access_token)).statusCode, 401, `${cause}: after`)
        t.equal((await refresh(there, session.refresh_token)).statusCode, 401, `${cause}: refresh`)
      }
    })

    t.test('a node that may have missed something asks about every session anew', async (t) => {
      const here = await startApp(t, environment)
      const there = await startApp(t, here.environment, here.clock)
      const { access_token } = await registerSomebody(here)
      t.equal((await getMe(there, access_token)).statusCode, 200)
      // told to nobody
      await here.db.updateTable('sessions').set({ revoked_at: here.now(), revoked_reason: 'logout' }).execute()
      here.clock.advance(60_001)
      await there.ephemeral.catchUp()
      t.equal((await getMe(there, access_token)).statusCode, 401)
    })

    t.test('a profile that changes on one node is what the other shows', async (t) => {
      const here = await startApp(t, environment)
      const there = await startApp(t, here.environment, here.clock)
      const person = await registerSomebody(here)
      await getMe(there, person.access_token)
      await here.inject({
        method: 'PUT',
        url: '/api/v1/users/me',
        payload: { name: 'Ada' },
        headers: person.authorization,
      })
      t.equal((await getMe(there, person.access_token)).json().name, 'Ada')
    })

    t.test('a refresh token rotates once, whichever nodes it is sent to at the same moment', async (t) => {
      const here = await startApp(t, environment)
      const there = await startApp(t, here.environment, here.clock)
      const person = await registerSomebody(here)
      const responses = await Promise.all(
        Array.from({ length: 64 }, (_, index) => refresh(index % 2 ? here : there, person.refresh_token)),
      )
      t.strictSame([...new Set(responses.map(({ statusCode }) => statusCode))], [200])
      t.equal(new Set(responses.map((response) => response.json().refresh_token)).size, 1)
    })
  }),
)

t.test('a revocation survives a restart of both processes', (t) =>
  onEachStore(t, async (t, environment) => {
    const variables = testEnvironment(t, environment)
    const register = { email: 'ada@example.org', username: 'ada', password: 'a long password' }
    const first = await startService(t, variables)
    const second = await startService(t, variables)
    const tokens = await call<{ access_token: string; refresh_token: string }>(`${first.api}/auth/register`, register)
    const me = (api: string) => call(`${api}/users/me`, undefined, bearer(tokens.body.access_token))
    t.equal((await me(first.api)).status, 200)
    t.equal((await me(second.api)).status, 200, 'the second process has seen the session')
    t.equal((await call(`${first.api}/auth/logout`, { refresh_token: tokens.body.refresh_token })).status, 200)
    t.equal((await me(first.api)).status, 401, 'in this process')
    t.equal((await me(second.api)).status, 401, 'in the second process, with its next request')
    await Promise.all([first.end('SIGTERM'), second.end('SIGTERM')])
    if (environment['REDIS_URL']) {
      const redis = new Redis(environment['REDIS_URL'])
      await redis.flushall()
      redis.disconnect()
    }
    const [third, fourth] = await Promise.all([startService(t, variables), startService(t, variables)])
    t.equal((await me(third.api)).status, 401)
    t.equal((await me(fourth.api)).status, 401)
  }),
)

t.test('workers of one service hear one another, on every request after the answer', async (t) => {
  const service = await startService(t, testEnvironment(t, { WORKERS: '2', HASH_CONCURRENCY: '2' }))
  const [here, there] = await connectionToEach(t, new URL(service.api).origin, 2)
  if (!here || !there) throw new Error('there are two workers')
  const json = async (worker: Connection, path: string, body: object) => {
    const answer = await worker.ask(`/api/v1${path}`, body)
    return { ...answer, body: JSON.parse(answer.body) }
  }
  const me = async (worker: Connection, token: string) =>
    (await worker.ask('/api/v1/users/me', undefined, bearer(token))).status
  const { password, username: identifier, ...rest } = somebody()
  await json(here, '/auth/register', { password, username: identifier, ...rest })
  const sessions: Tokens[] = []
  for (let count = 0; count < 100; count += 1)
    sessions.push((await json(here, '/auth/login', { identifier, password })).body)
  for (const [index, { access_token, refresh_token }] of sessions.entries()) {
    const [one, other] = index % 2 ? [here, there] : [there, here]
    for (const worker of [one, other]) if ((await me(worker, access_token)) !== 200) t.fail('before')
    const { status } = await json(one, '/auth/logout', { refresh_token })
    // both at once: neither has a moment longer than the other
    const after = await Promise.all([me(other, access_token), me(one, access_token)])
    if (status !== 200 || after.some((status) => status !== 401)) t.fail(`${index}: ${status}, then ${after}`)
  }
  t.equal(sessions.length, 100)
})

async function withRedisGone(t: Test): Promise<void> {
  t.test('with Redis away no revoked token is accepted and no valid one refused', async (t) => {
    const server = await startRedis()
    const here = await startApp(t, { REDIS_URL: server.url })
    const there = await startApp(t, here.environment, here.clock)
    const [person, other] = [await registerSomebody(here), await registerSomebody(here)]
    for (const { access_token } of [person, other]) t.equal((await getMe(there, access_token)).statusCode, 200)
    await server.stop()
    t.equal((await post(here, '/auth/logout', { refresh_token: person.refresh_token })).statusCode, 200)
    t.equal((await getMe(there, person.access_token)).statusCode, 401)
    t.equal((await getMe(there, other.access_token)).statusCode, 200)
    t.equal((await there.inject({ url: '/health' })).json().status, 'degraded')
    const again = await startRedis(server.port)
    t.teardown(() => again.stop())
    await eventually(async () => (await there.inject({ url: '/health' })).json().status === 'ok')
    t.equal((await getMe(there, person.access_token)).statusCode, 401)
    t.equal((await getMe(there, other.access_token)).statusCode, 200)
  })
}

if (!isLeftOut('redis')) t.test('Redis that fails', withRedisGone)

t.test('what cannot be told to the others is not done', async (t) => {
  const here = await startApp(t)
  const there = await startApp(t, here.environment, here.clock)
  const person = await registerSomebody(here)
  const logOut = () => post(here, '/auth/logout', { refresh_token: person.refresh_token })
  const isServed = async () => (await getMe(there, person.access_token)).statusCode === 200
  t.ok(await isServed())
  await refuseMessages(here.db)
  t.match((await logOut()).json(), { status: 503, code: 'unavailable' })
  t.ok(await isServed(), 'it is as if nobody had asked')
  await sql`drop trigger full_disk ${onPostgres() ? sql`on messages` : sql``}`.execute(here.db)
  t.equal((await logOut()).statusCode, 200)
  t.notOk(await isServed())
})

/** Stands in for a disk on which there is room for everything but news. */
async function refuseMessages(db: Db): Promise<void> {
  if (!onPostgres()) {
    await sql`create trigger full_disk before insert on messages begin select raise(abort, 'full'); end`.execute(db)
    return
  }
  await sql`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'full' using errcode = 'disk_full'; end $$`.execute(db)
  await sql`create trigger full_disk before insert on messages for each row execute function refuse()`.execute(db)
}

t.test('a state is read again after a while, whatever was heard', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  t.equal((await getMe(app, person.access_token)).statusCode, 200)
  // behind the service's back, over its own connection: nothing tells it
  await app.db.updateTable('sessions').set({ revoked_at: app.clock.now() }).execute()
  await whileAsked(app, STATE_MAX_AGE - 1, async () => t.equal((await getMe(app, person.access_token)).statusCode, 200))
  app.clock.advance(1)
  t.equal((await getMe(app, person.access_token)).statusCode, 401)
})

t.test('a change of an account counts as long as a state of before it could, however many others change', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  const [person, other] = [await registerSomebody(app), await registerSomebody(app)]
  const { id } = (await getMe(app, person.access_token)).json<{ id: string }>()
  const change = (url: string, payload: object, headers: { authorization: string }) =>
    app.inject({ method: 'PUT', url: `/api/v1/users/${url}`, payload, headers })
  // near the end of the time after which the node begins to forget changes
  await whileAsked(app, STATE_MAX_AGE + 10_000, () => getMe(app, other.access_token))
  t.equal((await getMe(app, person.access_token)).statusCode, 200)
  t.equal((await change(id, { name: 'Renamed' }, admin.authorization)).statusCode, 200)
  for (let count = 0; count < 3; count += 1) {
    await whileAsked(app, 15_000, () => getMe(app, admin.access_token))
    t.equal((await change('me', { name: `Other ${count}` }, other.authorization)).statusCode, 200)
  }
  t.equal((await getMe(app, person.access_token)).json().name, 'Renamed', 'not what was remembered of before')
})
