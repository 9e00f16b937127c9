/** What becomes of the service when PostgreSQL dies, breaks connections, cannot be reached, or is followed by another server. */
import { setTimeout as after } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import t, { type Test } from 'tap'
import { HEARSAY_MAX_AGE } from '../../src/sessions/states.ts'
import {
  bearer,
  getMe,
  isLeftOut,
  login,
  type Person,
  post,
  refresh,
  registerSomebody,
  startApp,
  type TestApp,
  testEnvironment,
} from '../support/app.ts'
import { acknowledgements, ask } from '../support/fault.ts'
import { matchLists } from '../support/match.ts'
import { ownNetwork } from '../support/network.ts'
import { freePort } from '../support/ports.ts'
import { newPostgresDatabase, ownServer, throughPort } from '../support/postgres.ts'
import { startRelay } from '../support/relay.ts'
import { type Service, startService } from '../support/service.ts'
import { eventually } from '../support/wait.ts'

/** A service with somebody whom it knows from a moment ago, and somebody whose token it has not seen. */
async function withPeople(t: Test, url: string) {
  const app = await startApp(t, testEnvironment(t, { DATABASE_URL: url }))
  const [known, unseen] = [await registerSomebody(app), await registerSomebody(app)]
  t.equal((await getMe(app, known.access_token)).statusCode, 200)
  return { app, known, unseen }
}

/** With the database away: who is known is served up to the bound, and everything else is answered 503 at once. */
async function holdsOut(t: Test, { app, known, unseen }: { app: TestApp; known: Person; unseen: Person }) {
  const isRefused = async (answer: ReturnType<typeof getMe>) => {
    const { statusCode, headers, json } = await answer
    matchLists(t, [statusCode, headers['retry-after'], json()], [503, '5', { code: 'unavailable' }])
  }
  // the one that finds out
  t.equal((await getMe(app, known.access_token)).statusCode, 200)
  const begin = performance.now()
  const answers = await Promise.all(Array.from({ length: 500 }, () => getMe(app, known.access_token)))
  t.strictSame([...new Set(answers.map(({ statusCode }) => statusCode))], [200])
  await isRefused(getMe(app, unseen.access_token))
  t.ok(performance.now() - begin < 1500, 'nobody waits for what another has waited for')
  app.clock.advance(HEARSAY_MAX_AGE - 1)
  t.equal((await getMe(app, known.access_token)).statusCode, 200)
  app.clock.advance(1)
  await isRefused(getMe(app, known.access_token))
}

/** Registers people and refreshes their tokens until it is stopped. */
function underLoad(people: ReturnType<typeof acknowledgements>, service: Service) {
  let isOver = false
  const registering = Array.from({ length: 6 }, async () => {
    while (!isOver) if ((await people.register(service)) !== 201) await after(50)
  })
  const refreshing = async () => {
    while (!isOver) {
      await people.refresh(service)
      await after(20)
    }
  }
  const ended = Promise.all([...registering, refreshing()])
  const stop = () => {
    isOver = true
    return ended
  }
  const fail = async (error: Error) => {
    await stop()
    throw error
  }
  return { stop, fail }
}

async function faults(t: Test): Promise<void> {
  t.test('killed: who is known is served up to the bound, then 503; all is there when it is back', async (t) => {
    const { server, url } = await ownServer(t)
    const people = await withPeople(t, url)
    const { app, known } = people
    server.kill()
    await holdsOut(t, people)
    for (const answer of [
      await login(app, known.username, known.password).catch(({ message }: Error) => message),
      (await refresh(app, known.refresh_token)).body,
      (await app.inject({ url: '/health/ready' })).body,
    ])
      t.match(answer, '"unavailable"')
    t.match((await app.inject({ url: '/health' })).json(), { status: 'degraded', database: { status: 'down' } })
    server.start()
    await eventually(async () => (await getMe(app, known.access_token)).statusCode === 200)
    for (const person of [known, people.unseen]) {
      t.equal((await getMe(app, person.access_token)).statusCode, 200)
      t.ok(await login(app, person.username, person.password))
      t.equal((await refresh(app, person.refresh_token)).statusCode, 200)
    }
  })

  t.test(
    'unreachable: nobody waits for it but the first, and it is found again',
    { skip: isLeftOut('network') },
    async (t) => {
      const network = ownNetwork(t)
      const { url } = await ownServer(t, network)
      const people = await withPeople(t, url)
      network.drop()
      await holdsOut(t, people)
      network.restore()
      await eventually(async () => (await getMe(people.app, people.known.access_token)).statusCode === 200, 30_000)
      t.ok(await login(people.app, people.known.username, people.known.password))
    },
  )

  t.test(
    'a session that ends while a node hears nothing ends there at the bound, or as soon as it hears',
    async (t) => {
      const { server, url } = await ownServer(t)
      const way = await startRelay(t, server.port)
      const { app: deaf, known, unseen: other } = await withPeople(t, throughPort(url, way.port))
      const hearing = await startApp(t, { ...deaf.environment, DATABASE_URL: url }, deaf.clock)
      t.equal((await getMe(deaf, other.access_token)).statusCode, 200)
      way.block(true)
      t.equal((await post(hearing, '/auth/logout', { refresh_token: known.refresh_token })).statusCode, 200)
      t.equal((await getMe(hearing, known.access_token)).statusCode, 401)
      t.equal((await getMe(deaf, known.access_token)).statusCode, 200, 'not heard of yet')
      deaf.clock.advance(HEARSAY_MAX_AGE - 1)
      t.equal((await getMe(deaf, known.access_token)).statusCode, 200)
      deaf.clock.advance(1)
      t.equal((await getMe(deaf, known.access_token)).statusCode, 503)
      deaf.clock.advance(-1)
      way.block(false)
      // what it remembers would still count; the first that it hears is the end of this session
      await eventually(async () => (await getMe(deaf, known.access_token)).statusCode === 401, 20_000)
      t.equal((await getMe(deaf, other.access_token)).statusCode, 200)
    },
  )

  t.test('connections that the server ends are replaced without anybody noticing', async (t) => {
    const app = await startApp(t, testEnvironment(t, { DATABASE_URL: newPostgresDatabase(t) }))
    const person = await registerSomebody(app)
    // all of the pool's, since each waits for a moment
    await Promise.all(Array.from({ length: 20 }, () => sql`select pg_sleep(0.05)`.execute(app.db)))
    const { rows } = await sql`
      select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where pid <> pg_backend_pid() and datname = current_database()`.execute(app.db)
    t.ok(rows.length >= 10, `${rows.length} connections were ended`)
    // the news of it has to come through the sockets
    await eventually(async () => (await getMe(app, person.access_token)).statusCode === 200)
    const answers = await Promise.all(Array.from({ length: 20 }, () => getMe(app, person.access_token)))
    t.ok(answers.every(({ statusCode }) => statusCode === 200))
  })

  t.test('a transaction whose connection is cut is answered with 503 and leaves nothing', async (t) => {
    const app = await startApp(t, testEnvironment(t, { DATABASE_URL: newPostgresDatabase(t) }))
    await sql`create function die() returns trigger language plpgsql as
      $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$`.execute(app.db)
    await sql`create trigger die before insert on sessions for each row execute function die()`.execute(app.db)
    const person = { username: 'ada', email: 'ada@example.org', password: 'a long password' }
    const answer = await post(app, '/auth/register', person)
    matchLists(t, [answer.statusCode, answer.json()], [503, { code: 'unavailable' }])
    t.strictSame(await app.db.selectFrom('users').selectAll().execute(), [])
    await sql`drop trigger die on sessions`.execute(app.db)
    t.equal((await post(app, '/auth/register', person)).statusCode, 201)
  })

  t.test('failed over to a standby under load: nothing acknowledged is lost, and the service goes on', async (t) => {
    const { server: primary, url } = await ownServer(t, { settings: ['wal_level=replica', 'max_wal_senders=4'] })
    const standby = primary.follow(await freePort())
    t.teardown(() => standby.stop())
    const client = new pg.Client(url)
    await client.connect()
    await client.query(`alter system set synchronous_standby_names = '*'`)
    await client.query('select pg_reload_conf()')
    await eventually(async () => {
      const { rows } = await client.query(`select 1 from pg_stat_replication where sync_state = 'sync'`)
      return rows.length === 1
    })
    await client.end()

    const address = await startRelay(t, primary.port)
    // an answer that was lost is asked for again when the standby has taken over, which may take a while here
    const more = { DATABASE_URL: throughPort(url, address.port), REFRESH_GRACE: '5m' }
    const service = await startService(t, testEnvironment(t, more))
    const people = acknowledgements(t)
    const load = underLoad(people, service)
    await eventually(() => people.members.size > 30, 30_000).catch(load.fail)
    primary.kill()
    address.leadTo(standby.port)
    await after(1500)
    const [newest] = [...people.members.values()].slice(-1)
    const answer = await ask(t, `${service.api}/auth/refresh`, { refresh_token: newest?.refresh_token })
    t.equal(answer.status, 503, 'a server that only follows is not asked')
    const before = people.members.size
    standby.promote()
    await eventually(() => people.members.size > before + 20, 60_000).catch(load.fail)
    await load.stop()
    t.comment(`${before} accounts before, ${people.members.size - before} after`)
    const [first] = [...people.members.values()]
    const readMe = () => ask(t, `${service.api}/users/me`, undefined, bearer(first?.access_token ?? ''))
    // news is asked for anew each second while its last question had no answer, and calls that need none are earlier
    await eventually(async () => (await readMe()).status === 200)
    await people.check(service, 'on the standby')
  })
}

if (!isLeftOut('postgres')) t.test('PostgreSQL', faults)
