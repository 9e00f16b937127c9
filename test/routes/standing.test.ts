/** A service whose database went further than its version, fell behind it, or went away. */
import { rmSync } from 'node:fs'
import { sql } from 'kysely'
import t from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import { migrateDown, migrateUp, migrationStates } from '../../src/db/migrate.ts'
import { Failure } from '../../src/errors.ts'
import { requireFinished } from '../../src/operation/standing.ts'
import { finishUpgrade } from '../../src/operation/upgrade.ts'
import { VERSION } from '../../src/operation/version.ts'
import {
  type Environment,
  getMe,
  login,
  onPostgres,
  post,
  refresh,
  registerSomebody,
  somebody,
  startApp,
  testEnvironment,
} from '../support/app.ts'
import { withDatabase } from '../support/database.ts'
import { enqueue, mailsOf, verification } from '../support/mail.ts'
import { matchLists } from '../support/match.ts'
import { eventually } from '../support/wait.ts'

const urlOf = (environment: Environment) => environment['DATABASE_URL'] ?? ''

/** What a newer version does: a table and a column more, and its names among those of the migrations. */
const upgradeSchema = (environment: Environment) =>
  withDatabase(urlOf(environment), async (db) => {
    await sql`create table factors (id text primary key)`.execute(db)
    await sql`alter table sessions add column trusted_at bigint`.execute(db)
    await sql`alter table users add column avatar text`.execute(db)
    await sql`insert into kysely_migration (name, timestamp) values ('9001-factors', ${new Date().toISOString()})`.execute(
      db,
    )
  })

const finishAs = (environment: Environment, version: string) =>
  withDatabase(urlOf(environment), (db) => db.insertInto('upgrades').values({ version, finished_at: 1 }).execute())

for (const MIGRATE of ['auto', 'check']) {
  t.test(`a service goes on, and starts, on the schema of a newer version (MIGRATE=${MIGRATE})`, async (t) => {
    const environment = testEnvironment(t)
    const before = await startApp(t, environment)
    const ada = await registerSomebody(before)
    t.equal((await getMe(before, ada.access_token)).statusCode, 200)
    await upgradeSchema(environment)
    for (const app of [before, await startApp(t, { ...environment, MIGRATE })]) {
      t.equal((await app.inject({ url: '/health/ready' })).statusCode, 200)
      t.equal((await getMe(app, ada.access_token)).statusCode, 200)
      const tokens = await login(app, ada.username, ada.password)
      t.equal((await refresh(app, tokens.refresh_token)).statusCode, 200)
      t.equal((await post(app, '/auth/register', somebody())).statusCode, 201)
    }
  })
}

t.test('what a newer version has run is listed, and this one takes nothing back', async (t) => {
  const environment = testEnvironment(t)
  await startApp(t, environment)
  await upgradeSchema(environment)
  await withDatabase(urlOf(environment), async (db) => {
    t.strictSame(await migrateUp(db), [])
    for (const all of [false, true])
      await t.rejects(migrateDown(db, all), {
        message: /is of a newer version of Latchkey, which has run 9001-factors/,
      })
    const states = await migrationStates(db)
    t.match(states.at(-1), { name: '9001-factors', is_known: false })
    t.ok(states.every(({ executed_at }) => executed_at instanceof Date))
    // no version of this line has the one and lacks the other
    await db
      .deleteFrom('kysely_migration' as never)
      .where('name' as never, '=', '0008-upgrades' as never)
      .execute()
    await t.rejects(migrateUp(db), { message: /does not know the migrations 9001-factors, and lacks some/ })
  })
})

t.test(
  'once the upgrade to a newer version is finished, a node is not ready, serves nobody and does not start',
  async (t) => {
    const environment = testEnvironment(t)
    const app = await startApp(t, environment)
    const ada = await registerSomebody(app)
    await finishAs(environment, '99.1.0')
    const ready = await app.inject({ url: '/health/ready' })
    const detail = `The upgrade to 99.1.0 is finished: this is version ${VERSION}, which may not run any more.`
    matchLists(t, [ready.statusCode, ready.json()], [503, { code: 'unavailable', detail }])
    t.match((await app.inject({ url: '/health' })).json(), { status: 'degraded', database: { status: 'down' } })
    t.equal((await app.inject({ url: '/health/live' })).statusCode, 200)
    for (const answer of [await getMe(app, ada.access_token), await post(app, '/auth/login', somebody())])
      matchLists(t, [answer.statusCode, answer.json()], [503, { code: 'unavailable', detail }])
    await t.rejects(startApp(t, environment), { message: detail })
  },
)

t.test('a node that nobody asks for its health finds out by itself', async (t) => {
  const environment = testEnvironment(t)
  const app = await startApp(t, environment)
  const ada = await registerSomebody(app)
  await finishAs(environment, '99.1.0')
  await eventually(async () => (await getMe(app, ada.access_token)).statusCode === 503)
})

t.test('versions up to the finished one may run, also those that differ in a name alone', async (t) => {
  const environment = testEnvironment(t)
  const app = await startApp(t, environment)
  for (const version of ['0.0.9', `${VERSION}-rc.1`, '0.0.10-beta']) await finishAs(environment, version)
  t.equal((await app.inject({ url: '/health/ready' })).statusCode, 200)
  t.equal(app.standing.finished(), VERSION)
})

t.test('what older versions would misjudge is off until the operator has finished the upgrade', async (t) => {
  const environment = testEnvironment(t)
  const [app, other] = [await startApp(t, environment), await startApp(t, environment)]
  const isOff = { code: 'feature_disabled', detail: `This waits until the upgrade to ${VERSION} is finished.` }
  t.equal(await requireFinished(app, VERSION), undefined, 'nobody has run an older one on a new database')
  // as an older version has left it
  await app.db.deleteFrom('upgrades').execute()
  await app.standing.check()
  await t.rejects(requireFinished(app, VERSION), isOff)
  t.ok((await requireFinished(app, VERSION).catch((failure) => failure)) instanceof Failure)
  await other.standing.check()
  t.equal(await finishUpgrade(app, OPERATOR), true)
  t.equal(await finishUpgrade(app, OPERATOR), false)
  for (const node of [app, other]) t.equal(await requireFinished(node, VERSION), undefined)
  await t.rejects(requireFinished(app, '99.0.0'), { code: 'feature_disabled' })
  const events = await app.db
    .selectFrom('audit_events')
    .select(['actor', 'details'])
    .where('action', '=', 'upgrade.finish')
    .execute()
  t.strictSame(events, [{ actor: 'operator', details: JSON.stringify({ version: VERSION }) }])
})

t.test('a schema that was taken back makes a node serve nobody until it is there again', async (t) => {
  const environment = testEnvironment(t)
  const app = await startApp(t, environment)
  const ada = await registerSomebody(app)
  await withDatabase(urlOf(environment), (db) => migrateDown(db))
  const ready = await app.inject({ url: '/health/ready' })
  matchLists(
    t,
    [ready.statusCode, ready.json()],
    [503, { detail: 'The schema of the database is older than this version of the service.' }],
  )
  matchLists(t, [(await getMe(app, ada.access_token)).statusCode], [503])
  await withDatabase(urlOf(environment), migrateUp)
  t.equal((await app.inject({ url: '/health/ready' })).statusCode, 200)
  t.equal((await getMe(app, ada.access_token)).statusCode, 200)
})

t.test('a database that is gone, or another one in its place, is served by nobody', async (t) => {
  const environment = testEnvironment(t)
  const app = await startApp(t, environment)
  const ada = await registerSomebody(app)
  const remove = onPostgres()
    ? () => withDatabase(urlOf(environment), (db) => migrateDown(db, true))
    : async () => {
        for (const suffix of ['', '-wal', '-shm']) rmSync(urlOf(environment).slice('sqlite:'.length) + suffix)
      }
  await remove()
  const gone = { code: 'unavailable', detail: 'The database is gone; this process has to be started again.' }
  const ready = await app.inject({ url: '/health/ready' })
  matchLists(t, [ready.statusCode, ready.json()], [503, gone])
  const refused = await post(app, '/auth/register', somebody())
  matchLists(t, [refused.statusCode, refused.json()], [503, gone])
  await withDatabase(urlOf(environment), migrateUp)
  t.equal((await app.inject({ url: '/health/ready' })).statusCode, 503)
  t.equal((await getMe(app, ada.access_token)).statusCode, 503)
})

t.test('a new database in the place of another is served by nobody, although nobody saw that one go', async (t) => {
  const environment = testEnvironment(t)
  const app = await startApp(t, environment)
  const ada = await registerSomebody(app)
  await withDatabase(urlOf(environment), async (db) => {
    await migrateDown(db, true)
    await migrateUp(db)
  })
  const look = () => app.inject({ url: '/health/ready' })
  // PostgreSQL may still be busy with what went
  await eventually(async () => (await look()).json().detail !== 'The database does not answer.')
  t.match((await look()).json(), { status: 503, detail: /has to be started again/ })
  t.equal((await getMe(app, ada.access_token)).statusCode, 503)
})

t.test('a message and a request that only a newer version knows are left to its nodes', async (t) => {
  const app = await startApp(t)
  await enqueue(app, verification(app))
  await eventually(async () => (await mailsOf(app)).length === 1)
  const at = app.now()
  const outbox = {
    recipient: 'ada@example.org',
    template: 'factor-added',
    data: 'sealed',
    created_at: at,
    due_at: at,
    attempts: 0,
  }
  await app.db.insertInto('outbox').values(outbox).execute()
  const request = { wanted: JSON.stringify({ email: 'ada@example.org' }), origin: '{}', created_at: at }
  await app.db
    .insertInto('mail_requests')
    .values({ kind: 'factor-reset', ...request })
    .execute()
  await app.db
    .insertInto('mail_requests')
    .values({ kind: 'password-reset', ...request })
    .execute()
  await app.mailRequests.settle()
  await enqueue(app, verification(app))
  await eventually(async () => (await mailsOf(app)).length === 2)
  matchLists(t, await app.db.selectFrom('outbox').select(['template', 'attempts']).execute(), [
    { template: 'factor-added', attempts: 0 },
  ])
  t.strictSame(await app.db.selectFrom('mail_requests').select('kind').execute(), [{ kind: 'factor-reset' }])
})
