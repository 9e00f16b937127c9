/** What expires leaves while the service works: a year of the same days holds no more rows than a month of them. */
import t from 'tap'
import { KEYED } from '../../src/copying/tables.ts'
import { bearer, onEachStore, type Person, post, registerSomebody, startApp, type TestApp } from '../support/app.ts'
import { sealAll } from '../support/audit.ts'

const DAY = 86_400_000

/** By then every kind of row has begun to leave. */
const MONTH = 35
const YEAR = 365

/** How many rows there are, by table. */
async function countRows(app: TestApp): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { table } of KEYED) {
    const { rows } = await app.db
      .selectFrom(table as 'users')
      .select(({ fn }) => fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow()
    counts[table] = rows
  }
  return counts
}

/** What people do in a day: sign in, come back, mistype, sign out, and use an old client. */
async function spendDay(app: TestApp, ada: Person, bob: Person): Promise<void> {
  const login = await post(app, '/auth/login', { identifier: ada.username, password: ada.password })
  const { refresh_token, access_token } = login.json<Person>()
  await post(app, '/auth/refresh', { refresh_token })
  await post(app, '/auth/login', { identifier: bob.username, password: 'not the password' })
  await post(app, '/auth/login', { identifier: bob.username, password: bob.password })
  await post(app, '/auth/logout-all', {}, bearer(access_token))
  const payload = { username: bob.username, password: bob.password }
  await app.inject({ method: 'POST', url: '/authenticate_user', payload })
}

t.test('a year of traffic leaves no more rows than a month', async (t) => {
  await onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, AUDIT_RETENTION: '30d', KEY_ROTATION: '10d', LOG_LEVEL: 'warn' })
    const people = [await registerSomebody(app), await registerSomebody(app)] as const
    const most: Record<string, number> = {}
    for (let day = 1; day <= YEAR; day += 1) {
      await spendDay(app, ...people)
      // what timers do in between
      await app.keys.maintain()
      await sealAll(app)
      const counts = day <= MONTH || day > YEAR - MONTH ? await countRows(app) : {}
      for (const [table, rows] of Object.entries(counts)) {
        if (day <= MONTH) most[table] = Math.max(most[table] ?? 0, rows)
        else if (rows > (most[table] ?? 0))
          t.fail(`day ${day}: ${rows} rows in ${table}, in the first month ${most[table]}`)
      }
      app.clock.advance(DAY)
    }
    t.comment(most)
    t.ok(Object.values(most).every((rows) => rows < 400))
    for (const table of ['sessions', 'ephemeral', 'messages', 'audit_events', 'signing_keys', 'audit_checkpoints'])
      t.ok((most[table] ?? 0) > 0, `${table} was filled`)
  })
})
