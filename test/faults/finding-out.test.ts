/** How soon a node knows that PostgreSQL is away, or back, or takes no writes; and what it says meanwhile. */
import { setTimeout as after } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import {
  getMe,
  isLeftOut,
  post,
  refresh,
  registerSomebody,
  startApp,
  type TestApp,
  testEnvironment,
} from '../support/app.ts'
import { newPostgresDatabase, ownServer, throughPort } from '../support/postgres.ts'
import { startRelay } from '../support/relay.ts'
import { eventually } from '../support/wait.ts'

const isReady = async (app: TestApp) => (await app.inject({ url: '/health/ready' })).statusCode === 200

/** How long something takes, in ms. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

async function findingOut(t: Test): Promise<void> {
  t.test(
    'nobody waits for more than one question that has no answer, and nobody who asks how it is waits',
    async (t) => {
      const { server, url } = await ownServer(t)
      const way = await startRelay(t, server.port)
      const app = await startApp(t, testEnvironment(t, { DATABASE_URL: throughPort(url, way.port) }))
      const person = await registerSomebody(app)
      way.block(true)
      const guarded: Promise<number>[] = []
      const answered: number[] = []
      const asked: number[] = []
      for (let tick = 0; tick < 20; tick += 1) {
        guarded.push(timed(() => getMe(app, person.access_token).finally(() => answered.push(tick))))
        for (const url of ['/health', '/health/ready']) asked.push(await timed(() => app.inject({ url })))
        await after(100)
      }
      const slowest = Math.max(...(await Promise.all(guarded)))
      // who waited behind the question is answered with it, and who came later at once
      t.strictSame(
        answered,
        answered.toSorted((one, other) => one - other),
        'nobody is answered before who came first',
      )
      // 2 s for the question, and what a busy machine takes
      t.ok(slowest < 3000, `the slowest request took ${Math.round(slowest)} ms`)
      t.ok(Math.max(...asked) < 1000, `the slowest answer about health took ${Math.round(Math.max(...asked))} ms`)
      t.notOk(await isReady(app))
      way.block(false)
      await eventually(() => isReady(app), 20_000)
    },
  )

  t.test('a node that says it is ready again serves whom it has to ask the database about', async (t) => {
    const { server, url } = await ownServer(t)
    const app = await startApp(t, testEnvironment(t, { DATABASE_URL: url }))
    const people = [await registerSomebody(app), await registerSomebody(app)]
    for (const { access_token } of people) {
      server.kill()
      await eventually(async () => (await getMe(app, access_token)).statusCode === 503)
      t.notOk(await isReady(app))
      server.start()
      await eventually(() => isReady(app), 20_000)
      t.equal((await getMe(app, access_token)).statusCode, 200)
    }
  })

  t.test('a node whose database is read-only is not ready, and serves those whom it need not write for', async (t) => {
    const url = newPostgresDatabase(t)
    const app = await startApp(t, testEnvironment(t, { DATABASE_URL: url }))
    const person = await registerSomebody(app)
    const client = new pg.Client(url)
    await client.connect()
    t.teardown(() => client.end())
    const setReadOnly = async (value: 'on' | 'off') => {
      await client.query('set default_transaction_read_only = off')
      await client.query(
        `alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = ${value}`,
      )
      // it is for new sessions
      await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`)
    }
    t.ok(await isReady(app))
    await setReadOnly('on')
    await eventually(async () => !(await isReady(app)))
    await eventually(async () => {
      const { detail } = (await app.inject({ url: '/health/ready' })).json()
      return detail === 'The database takes no writes.'
    })
    await eventually(async () => (await getMe(app, person.access_token)).statusCode === 200)
    t.equal((await refresh(app, person.refresh_token)).statusCode, 503)
    await setReadOnly('off')
    await eventually(() => isReady(app))
    t.equal((await refresh(app, person.refresh_token)).statusCode, 200)
  })

  t.test('what is read while its end is on its way is not remembered', async (t) => {
    const { server, url } = await ownServer(t)
    const way = await startRelay(t, server.port)
    const late = await startApp(t, testEnvironment(t, { DATABASE_URL: throughPort(url, way.port) }))
    const early = await startApp(t, { ...late.environment, DATABASE_URL: url }, late.clock)
    const [leaving, other] = [await registerSomebody(early), await registerSomebody(early)]
    // so that there is a connection for each
    await Promise.all([other, other].map(({ access_token }) => getMe(late, access_token)))
    way.delay(1000)
    const reading = getMe(late, leaving.access_token)
    // the answer to the question for news, and on its way the one that says who it is
    await after(1500)
    t.equal((await post(early, '/auth/logout', { refresh_token: leaving.refresh_token })).statusCode, 200)
    way.delay(0)
    t.equal((await getMe(late, other.access_token)).statusCode, 200, 'has heard of it')
    // it began before; on a machine that stood still meanwhile it was read after
    t.ok([200, 401].includes((await reading).statusCode))
    t.equal((await getMe(late, leaving.access_token)).statusCode, 401)
  })
}

if (!isLeftOut('postgres')) t.test('PostgreSQL', findingOut)
