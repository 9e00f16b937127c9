/** This version takes over what earlier ones have left. */
import t, { type Test } from 'tap'
import { migrateUp } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'
import { getMe, login, post, refresh, startApp, type Tokens, testClock, testEnvironment } from '../support/app.ts'
import { commandLine } from '../support/command-line.ts'
import { withDatabase } from '../support/database.ts'
import { mailTo } from '../support/mail.ts'
import { matchLists } from '../support/match.ts'
import { databaseOf, RELEASES } from '../support/releases.ts'

const MINUTE = 60_000

/** The service of this version on the database of an earlier one, a minute after that has stopped. */
async function takeOver(t: Test, version: string) {
  const { environment, notes } = await databaseOf(t, version)
  return { app: await startApp(t, environment, testClock(notes.made_at + MINUTE)), environment, ...notes }
}

t.ok(RELEASES.length > 0)

for (const version of RELEASES) {
  t.test(`${version}: people sign in, and their sessions live on`, async (t) => {
    const { app, people } = await takeOver(t, version)
    t.equal(people.length, 3)
    for (const { username, password, refresh_token } of people) {
      const refreshed = await refresh(app, refresh_token)
      t.equal(refreshed.statusCode, 200)
      const { access_token } = refreshed.json<Tokens>()
      const me = await getMe(app, access_token)
      matchLists(t, [me.statusCode, me.json()], [200, { username }])
      t.ok((await login(app, username, password)).access_token)
      const wrong = await post(app, '/auth/login', { identifier: username, password: `${password}!` })
      matchLists(t, [wrong.statusCode, wrong.json()], [401, { code: 'invalid_credentials' }])
    }
  })

  t.test(`${version}: a refresh token that was replaced there is still a stolen one here`, async (t) => {
    const { app, people } = await takeOver(t, version)
    const { refresh_token = '' } = people[0] ?? {}
    const first = (await refresh(app, refresh_token)).json<Tokens>()
    app.clock.advance(MINUTE)
    const reused = await refresh(app, refresh_token)
    matchLists(t, [reused.statusCode, reused.json()], [401, { code: 'refresh_token_reused' }])
    t.equal((await refresh(app, first.refresh_token)).statusCode, 401)
  })

  t.test(`${version}: a device is known again, and nobody is told of it`, async (t) => {
    const { app, people } = await takeOver(t, version)
    for (const { username: identifier, password, device_token } of people) {
      const device = { 'x-device-token': device_token }
      const answer = await post(app, '/auth/login', { identifier, password }, device)
      t.equal(answer.statusCode, 200)
      t.notOk('device_token' in answer.json(), 'it has one')
    }
  })

  t.test(`${version}: mail that waited there leaves here, and its link is good`, async (t) => {
    const { app, people } = await takeOver(t, version)
    app.mailer.wake()
    for (const { email, password } of people) {
      const { token } = await mailTo(app, 'email-verify', email)
      t.equal((await post(app, '/auth/email/verify', { token, password })).statusCode, 204)
    }
  })

  t.test(`${version}: the audit log is whole before and after`, async (t) => {
    const { environment, app, people } = await takeOver(t, version)
    const line = commandLine(t)
    const verify = () => line.start(['audit', 'verify'], environment).ended
    t.match(await verify(), { code: 0, stdout: /^\d+ events verified, numbers 1 to/, stderr: '' })
    await login(app, people[0]?.username ?? '', people[0]?.password ?? '')
    await app.close()
    t.match(await verify(), { code: 0, stdout: /^\d+ events verified, numbers 1 to/, stderr: '' })
  })

  t.test(`${version}: migrations have only added: no column is gone, and none has another type`, async (t) => {
    const { environment } = await databaseOf(t, version)
    const url = environment['DATABASE_URL'] ?? ''
    const before = await columnsOf(url)
    await withDatabase(url, migrateUp)
    const after = await columnsOf(url)
    const fresh = testEnvironment(t)['DATABASE_URL'] ?? ''
    await withDatabase(fresh, migrateUp)
    t.ok(before.size > 50)
    for (const [column, shape] of before) t.equal(after.get(column), shape, column)
    t.strictSame([...after.keys()].sort(), [...(await columnsOf(fresh)).keys()].sort(), 'as if it had been made now')
    for (const [column, shape] of after)
      if (!before.has(column) && before.has(`${column.split('.')[0]}.*`))
        t.match(shape, /null|default/, `${column}: an older version leaves it out`)
  })
}

/** Every column as `table.column`, with its type and whether a row may come without it; each table as `table.*` too. */
async function columnsOf(url: string): Promise<Map<string, string>> {
  const { db } = openDatabase(url)
  try {
    const tables = await db.introspection.getTables()
    return new Map(
      tables.flatMap(({ name: table, columns }) => [
        [`${table}.*`, 'table'] as const,
        ...columns.map(({ name, dataType, isNullable, hasDefaultValue }) => {
          const shape = [dataType.toLowerCase(), isNullable && 'null', hasDefaultValue && 'default']
          return [`${table}.${name}`, shape.filter(Boolean).join(' ')] as const
        }),
      ]),
    )
  } finally {
    await db.destroy()
  }
}
