/** What becomes of the service when another server takes the place of its own: one that lagged, or beside a living one. */
import pg from 'pg'
import t, { type Test } from 'tap'
import { HEARSAY_MAX_AGE } from '../../src/sessions/states.ts'
import { getMe, isLeftOut, post, registerSomebody, startApp, testEnvironment } from '../support/app.ts'
import { freePort } from '../support/ports.ts'
import { ownServer, throughPort } from '../support/postgres.ts'
import { startRelay } from '../support/relay.ts'
import { eventually } from '../support/wait.ts'

/** Runs statements as an operator would, past the service. */
async function operate(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

/** Waits until a question to a server has rows. */
async function untilFound(url: string, question: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await eventually(async () => (await client.query(question)).rows.length > 0, 20_000)
  await client.end()
}

/** A server, another one that follows it, and an address that leads to the first. */
async function twoServers(t: Test) {
  const { server: primary, url } = await ownServer(t, { settings: ['wal_level=replica', 'max_wal_senders=4'] })
  const standby = primary.follow(await freePort())
  t.teardown(() => standby.stop())
  await untilFound(url, `select 1 from pg_stat_replication where state = 'streaming'`)
  const address = await startRelay(t, primary.port)
  return { primary, standby, address, url, standbyUrl: throughPort(url, standby.port) }
}

async function failovers(t: Test): Promise<void> {
  t.test('after a failover that lost a few commits, nobody lives on whom only memory knows', async (t) => {
    const { primary, standby, address, url, standbyUrl } = await twoServers(t)
    const app = await startApp(t, testEnvironment(t, { DATABASE_URL: throughPort(url, address.port) }))
    const before = await registerSomebody(app)
    await untilFound(standbyUrl, `select 1 from users where username_key = '${before.username}'`)
    // from now on it hears nothing
    await operate(standbyUrl, `alter system set primary_conninfo = ''`, 'select pg_reload_conf()')
    await untilFound(standbyUrl, 'select 1 where not exists (select 1 from pg_stat_wal_receiver)')
    const lost = await registerSomebody(app)
    for (const { access_token } of [before, lost]) t.equal((await getMe(app, access_token)).statusCode, 200)

    primary.kill()
    address.leadTo(standby.port)
    standby.promote()
    // no ids but these are gone, and the sequence of messages was logged ahead of both
    await eventually(async () => (await getMe(app, lost.access_token)).statusCode !== 200, 20_000)
    await eventually(async () => (await getMe(app, before.access_token)).statusCode === 200, 20_000)
    t.equal((await getMe(app, lost.access_token)).statusCode, 401, 'the account is no more')
    t.equal((await getMe(app, before.access_token)).statusCode, 200)
  })

  t.test('a node that is left with the old server believes it no longer than the bound', async (t) => {
    const { primary, standby, address, url, standbyUrl } = await twoServers(t)
    await operate(url, `alter system set synchronous_standby_names = '*'`, 'select pg_reload_conf()')
    await untilFound(url, `select 1 from pg_stat_replication where sync_state = 'sync'`)
    const left = await startApp(t, testEnvironment(t, { DATABASE_URL: throughPort(url, address.port) }))
    const [known, unseen] = [await registerSomebody(left), await registerSomebody(left)]
    t.equal((await getMe(left, known.access_token)).statusCode, 200)

    // both live, and each takes itself for the only one
    standby.promote()
    const other = await startApp(t, { ...left.environment, DATABASE_URL: standbyUrl }, left.clock)
    for (const { refresh_token } of [known, unseen])
      t.equal((await post(other, '/auth/logout', { refresh_token })).statusCode, 200)
    left.clock.advance(HEARSAY_MAX_AGE - 1)
    t.equal((await getMe(left, known.access_token)).statusCode, 200, 'not heard of, and not too long ago')
    left.clock.advance(1)
    for (const { access_token } of [known, unseen]) t.equal((await getMe(left, access_token)).statusCode, 503)
    t.equal((await left.inject({ url: '/health/ready' })).statusCode, 503)
    t.match((await left.inject({ url: '/health' })).json(), { status: 'degraded', database: { status: 'down' } })

    primary.kill()
    address.leadTo(standby.port)
    await eventually(async () => (await left.inject({ url: '/health/ready' })).statusCode === 200, 20_000)
    for (const { access_token } of [known, unseen]) t.equal((await getMe(left, access_token)).statusCode, 401)
  })
}

if (!isLeftOut('postgres')) t.test('PostgreSQL', failovers)
