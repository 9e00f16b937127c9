import { connect, createServer, type Socket } from 'node:net'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { getMe, isLeftOut, login, post, registerSomebody, startApp, testEnvironment } from '../support/app.ts'
import { freePort } from '../support/ports.ts'
import { newPostgresDatabase, type PostgresServer, prepareServer, startPostgres } from '../support/postgres.ts'
import { eventually } from '../support/wait.ts'

/** A server that may be broken, with one migrated database. */
async function ownServer(t: Test): Promise<{ server: PostgresServer; url: string }> {
  const server = startPostgres(await freePort())
  t.teardown(() => server.stop())
  return { server, url: prepareServer(server, 'latchkey') }
}

/** A way to a server that can be blocked: what is sent then arrives nowhere, and nobody is told. */
async function blockableWay(t: Test, port: number) {
  let blocked = false
  const sockets = new Set<Socket>()
  const relay = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const [from, to] of [[near, far] as const, [far, near] as const]) {
      sockets.add(from)
      from.on('data', (chunk) => blocked || to.write(chunk))
      from.on('error', () => {})
      from.on('close', () => to.destroy())
    }
  })
  const at = await freePort()
  await new Promise<void>((resolve) => relay.listen(at, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    relay.close()
  })
  const block = (value: boolean) => {
    blocked = value
    // what was lost meanwhile would be sent again by TCP; here the connections are as good as dead
    if (!value) for (const socket of sockets) socket.destroy()
  }
  return { port: at, block }
}

async function faults(t: Test): Promise<void> {
  t.test('PostgreSQL that dies is answered with 503, and nothing acknowledged is lost when it is back', async (t) => {
    const { server, url } = await ownServer(t)
    const app = await startApp(t, testEnvironment(t, { DATABASE_URL: url }))
    const people = await Promise.all(Array.from({ length: 12 }, () => registerSomebody(app)))
    const [ada] = people as [(typeof people)[0]]
    t.equal((await getMe(app, ada.access_token)).statusCode, 200)
    server.kill()
    for (const answer of [
      await getMe(app, ada.access_token),
      await post(app, '/auth/login', { identifier: ada.username, password: ada.password }),
      await post(app, '/auth/refresh', { refresh_token: ada.refresh_token }),
      await app.inject({ url: '/health/ready' }),
    ]) {
      t.match([answer.statusCode, answer.json()], [503, { code: 'unavailable' }])
      t.equal(answer.headers['retry-after'], '5')
    }
    t.match((await app.inject({ url: '/health' })).json(), {
      status: 'degraded',
      database: { kind: 'postgres', status: 'down' },
    })
    server.start()
    await eventually(async () => (await getMe(app, ada.access_token)).statusCode === 200)
    for (const person of people) {
      t.equal((await getMe(app, person.access_token)).statusCode, 200)
      t.ok(await login(app, person.username, person.password))
    }
  })

  t.test('connections that the server ends are replaced without anybody noticing', async (t) => {
    const app = await startApp(t, testEnvironment(t, { DATABASE_URL: newPostgresDatabase(t) }))
    const person = await registerSomebody(app)
    await Promise.all(Array.from({ length: 20 }, () => getMe(app, person.access_token)))
    const { rows } = await sql`
      select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where pid <> pg_backend_pid() and datname = current_database()`.execute(app.db)
    t.ok(rows.length > 1, `${rows.length} connections were ended`)
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
    t.match([answer.statusCode, answer.json()], [503, { code: 'unavailable' }])
    t.strictSame(await app.db.selectFrom('users').selectAll().execute(), [])
    await sql`drop trigger die on sessions`.execute(app.db)
    t.equal((await post(app, '/auth/register', person)).statusCode, 201)
  })

  t.test('PostgreSQL that does not answer at all is given up within seconds, and found again', async (t) => {
    const { server, url } = await ownServer(t)
    const way = await blockableWay(t, server.port)
    const through = new URL(url)
    through.port = String(way.port)
    const app = await startApp(t, testEnvironment(t, { DATABASE_URL: through.href }))
    const person = await registerSomebody(app)
    t.equal((await getMe(app, person.access_token)).statusCode, 200)
    way.block(true)
    const begin = performance.now()
    const answers = await Promise.all(Array.from({ length: 30 }, () => getMe(app, person.access_token)))
    t.ok(
      answers.every(({ statusCode }) => statusCode === 503),
      'what cannot be asked is not answered from memory',
    )
    t.ok(performance.now() - begin < 20_000)
    way.block(false)
    await eventually(async () => (await getMe(app, person.access_token)).statusCode === 200, 15_000)
  })
}

if (!isLeftOut('postgres')) t.test('PostgreSQL', faults)
