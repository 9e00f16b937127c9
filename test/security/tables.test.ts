/** What src/db/tables.ts says of every table is so: each statement is tried on an account with a row wherever it can have one. */
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { copyDatabase } from '../../src/copying/copy.ts'
import { withEnds } from '../../src/copying/open.ts'
import { TABLE_FACTS, TABLES } from '../../src/db/tables.ts'
import { onPostgres, type Person, post, registerSomebody, somebody, startApp, type TestApp } from '../support/app.ts'
import { sealAll } from '../support/audit.ts'
import { askFor } from '../support/by-mail.ts'
import { emptyFolder } from '../support/child.ts'
import { commandLine } from '../support/command-line.ts'
import { withDatabase } from '../support/database.ts'
import { mailTo } from '../support/mail.ts'
import { cookieOf } from '../support/pages.ts'

type Table = (typeof TABLES)[number]
type Row = Record<string, string | number | null>

const DAY = 86_400_000

/** What one may say of any table. */
interface Facts {
  key: readonly string[]
  sealed: readonly string[]
  owner: { column: string; is: 'number' | 'uid' } | null
  exported: string | null
  erased: 'row' | readonly string[] | null
  moved: boolean
  copied: true | 'prefilled'
  swept: string | null
}
const factsOf = (table: Table): Facts => TABLE_FACTS[table]

/** These have rows only after a change of `JWT_KEY`, and while something is limited. */
const NOT_FILLED: readonly Table[] = ['audit_keys', 'mail_ledger']

/** Mail waits, since nobody listens there; tries and calls are counted. */
const WAITING = {
  SMTP_URL: 'smtp://127.0.0.1:1',
  MAIL_FROM: 'latchkey@example.org',
  SIGN_IN_CODE: 'on',
  RATE_LIMIT: 'on',
}

const rowsOf = async ({ db }: Pick<TestApp, 'db'>, table: Table): Promise<Row[]> =>
  (await db
    .selectFrom(table as 'users')
    .selectAll()
    .execute()) as unknown as Row[]

/** Does everything that leaves a row. */
async function leaveTraces(app: TestApp): Promise<Person> {
  const ada = await registerSomebody(app)
  await post(app, '/auth/logout', { refresh_token: (await logIn(app, ada)).refresh_token })
  await post(app, '/auth/sign-in/code', { email: ada.email })
  await app.mailRequests.settle()
  // the right one would take it back
  await post(app, '/auth/login', { identifier: ada.username, password: 'mistyped' })
  await sealAll(app)
  // a heartbeat is committed for who asks, where it is not in any case
  await app.inject({ url: '/health/ready' })
  await app.inject({ url: '/api/v1/users/me', headers: ada.authorization })
  return ada
}

async function logIn(app: TestApp, { username, password }: Person): Promise<Person> {
  return (await post(app, '/auth/login', { identifier: username, password })).json<Person>()
}

/** Gives the rows of somebody, by table, of the tables in which rows are somebody's. */
async function possessions(app: Pick<TestApp, 'db'>, { username }: Person) {
  const { id, uid } = await app.db
    .selectFrom('users')
    .select(['id', 'uid'])
    .where('username', '=', username)
    .executeTakeFirstOrThrow()
  return async () => {
    const found = new Map<Table, Row[]>()
    for (const table of TABLES) {
      const { owner } = factsOf(table)
      if (!owner) continue
      const rows = await rowsOf(app, table)
      found.set(
        table,
        rows.filter((row) => row[owner.column] === (owner.is === 'number' ? id : uid)),
      )
    }
    return found
  }
}

async function start(t: Test, more = {}) {
  const app = await startApp(t, { ...WAITING, ...more })
  const ada = await leaveTraces(app)
  return { app, ada, hers: await possessions(app, ada) }
}

t.test('every column that is spoken of is there, and whatever names an account goes with it', async (t) => {
  const app = await startApp(t)
  const tables = await app.db.introspection.getTables()
  for (const table of TABLES) {
    const { key, sealed, owner, erased, swept } = factsOf(table)
    const columns = tables.find(({ name }) => name === table)?.columns.map(({ name }) => name) ?? []
    const emptied = erased === 'row' || erased === null ? [] : erased
    for (const column of [...key, ...sealed, ...emptied, ...(owner ? [owner.column] : []), ...(swept ? [swept] : [])])
      t.ok(columns.includes(column), `${table}.${column}`)
    if (columns.includes('user_id')) t.strictSame(owner, { column: 'user_id', is: 'number' }, table)
    t.equal(owner === null, erased === null, `${table}: what is somebody's is erased`)
    t.equal(owner === null, factsOf(table).exported === null, `${table}: and shown to them`)
  }
})

t.test('what names an account by its number goes with it, whichever version deletes that', async (t) => {
  const app = await startApp(t)
  const { rows } = onPostgres()
    ? await sql<{ table: string }>`select conrelid::regclass::text as "table" from pg_constraint
        where contype = 'f' and confrelid = 'users'::regclass and confdeltype = 'c'`.execute(app.db)
    : await sql<{ table: string }>`select m.name as "table" from sqlite_schema m, pragma_foreign_key_list(m.name) f
        where m.type = 'table' and f."table" = 'users' and f.on_delete = 'CASCADE'`.execute(app.db)
  const owned = TABLES.filter((table) => table !== 'users' && factsOf(table).owner?.is === 'number')
  t.ok(owned.length > 0)
  t.strictSame(rows.map(({ table }) => table).sort(), owned.toSorted())
})

t.test('a person sees all that is theirs', async (t) => {
  const { app, ada, hers } = await start(t)
  const before = await hers()
  for (const [table, rows] of before) t.ok(rows.length > 0, `there is something in ${table}`)
  const shown = (await app.inject({ url: '/api/v1/users/me/export', headers: ada.authorization })).json()
  for (const [table, rows] of before) {
    const member = shown[factsOf(table).exported ?? '']
    t.ok(member, `${table} is shown as ${factsOf(table).exported}`)
    if (Array.isArray(member)) t.ok(member.length >= rows.length, `${table}: all ${rows.length} of them`)
  }
})

t.test('what is a person’s goes with the account', async (t) => {
  const { app, ada, hers } = await start(t)
  const password = { current_password: ada.password }
  const left = await app.inject({
    method: 'DELETE',
    url: '/api/v1/users/me',
    headers: ada.authorization,
    payload: password,
  })
  t.equal(left.statusCode, 204)
  for (const [table, rows] of await hers()) {
    const { erased } = factsOf(table)
    if (erased === 'row') t.strictSame(rows, [], table)
    else {
      t.ok(rows.length > 0)
      for (const row of rows) for (const column of erased ?? []) t.equal(row[column], null, `${table}.${column}`)
    }
  }
})

t.test('a copy has every row of every table', async (t) => {
  const { app, hers } = await start(t)
  for (const [table, rows] of await hers()) t.ok(rows.length > 0, table)
  await app.close()
  const to = `sqlite:${emptyFolder(t)}/copy.db`
  await withEnds(app.environment['DATABASE_URL'] ?? '', to, async (ends) => {
    await copyDatabase(ends, false, () => () => {})
    for (const table of TABLES) {
      const [here, there] = [await rowsOf(ends.source, table), await rowsOf(ends.target, table)]
      const sorted = (rows: Row[]) => rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort()
      t.strictSame(sorted(there), sorted(here), table)
    }
  })
})

t.test('what is moved out comes in elsewhere, and nothing else', async (t) => {
  const { app, ada } = await start(t)
  await app.close()
  const line = commandLine(t)
  const out = await line.start(['export', '--with-hashes', '--output', 'users.jsonl'], app.environment).ended
  t.match(out, { code: 0 })
  t.match(await line.latchkey('db', 'create'), { code: 0 })
  t.match(await line.latchkey('import', 'users.jsonl', '--apply'), { code: 0 })
  await withDatabase(line.environment['DATABASE_URL'] ?? '', async (db) => {
    // that the account came is an event of its own
    for (const [table, rows] of await (await possessions({ db }, ada))())
      if (table !== 'audit_events') t.equal(rows.length > 0, factsOf(table).moved, table)
  })
})

t.test('what has had its time goes with what is written later', async (t) => {
  const { app, ada } = await start(t, { AUDIT_RETENTION: '30d', KEY_ROTATION: '10d', LOG_LEVEL: 'fatal' })
  // a counter of calls has the same name again in the next window
  const keyOf = (table: Table, row: Row) => {
    const { key, swept } = factsOf(table)
    return JSON.stringify([...key, ...(swept ? [swept] : [])].map((column) => row[column]))
  }
  await app.db
    .insertInto('heartbeats')
    .values({ node: 'gone', beaten_at: 0, expires_at: app.clock.now() + 1 })
    .execute()
  const before = new Map<Table, Set<string>>()
  for (const table of TABLES) before.set(table, new Set((await rowsOf(app, table)).map((row) => keyOf(table, row))))
  const swept = TABLES.filter((table) => factsOf(table).swept !== null)
  // requests for mail are seen to in a moment
  const filled = swept.filter((table) => ![...NOT_FILLED, 'mail_requests'].includes(table))
  for (const table of filled) t.ok((before.get(table)?.size ?? 0) > 0, `there is something in ${table}`)
  for (let round = 0; round < 3; round += 1) {
    app.clock.advance(200 * DAY)
    await app.keys.maintain()
    const later = await logIn(app, ada)
    await post(app, '/auth/logout', { refresh_token: later.refresh_token })
    await leaveTraces(app)
    app.mailer.wake()
    await sealAll(app)
  }
  for (const table of swept) {
    const old = (await rowsOf(app, table)).filter((row) => before.get(table)?.has(keyOf(table, row)))
    t.strictSame(old, [], table)
  }
  for (const table of TABLES.filter((table) => factsOf(table).swept === null)) {
    const now = new Set((await rowsOf(app, table)).map((row) => keyOf(table, row)))
    t.ok(
      [...(before.get(table) ?? [])].every((key) => now.has(key)),
      `${table} stays`,
    )
  }
})

t.test('nothing that opens anything is stored as it is', async (t) => {
  const app = await startApp(t, { SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' })
  const registration = somebody()
  const registered = await post(app, '/auth/register', registration)
  const asked = (await post(app, '/auth/sign-in/code', { email: registration.email })).json()
  await app.mailRequests.settle()
  const code = /\b\d{6}\b/.exec((await mailTo(app, 'sign-in-code', registration.email)).text ?? '')?.[0]
  const links = [
    await mailTo(app, 'email-verify', registration.email),
    await askFor(app, '/auth/password/forgot', registration.email, 'password-reset'),
    await askFor(app, '/auth/sign-in/link', registration.email, 'sign-in-link'),
  ]
  const { access_token, refresh_token, device_token } = registered.json()
  const [, cookie] = cookieOf(registered.headers).split('=')
  const tokens = [access_token, refresh_token, device_token, cookie, asked.request_token]
  const secrets = [registration.password, `"${code}"`, ...links.map(({ token }) => token), ...tokens]
  for (const secret of secrets) t.match(secret, /^.{8,}$/)
  for (const table of TABLES) {
    const stored = JSON.stringify(await rowsOf(app, table))
    // without what says of which kind it is
    for (const secret of secrets) t.notOk(stored.includes(secret.replace(/^lk[a-z]_/, '')), table)
  }
})

t.test('what is sealed can be read by nobody who has the database alone', async (t) => {
  const { app, ada } = await start(t)
  for (const table of TABLES) {
    const { sealed } = factsOf(table)
    const rows = await rowsOf(app, table)
    if (sealed.length > 0 && !NOT_FILLED.includes(table)) t.ok(rows.length > 0, table)
    for (const row of rows) {
      for (const column of sealed) {
        const bytes = Buffer.from(String(row[column]), 'base64url')
        t.notMatch(bytes.toString('latin1'), /PRIVATE KEY|https?:|expires_at|"token"/, `${table}.${column}`)
        t.not(bytes.toString(), bytes.toString('latin1'), 'no text of any kind')
      }
      t.notMatch(JSON.stringify(row), /PRIVATE KEY/, `a row of ${table}`)
      t.notOk(JSON.stringify(row).includes(ada.password), `a row of ${table}`)
    }
  }
  t.ok((await sql<{ n: number }>`select count(*) as n from signing_keys`.execute(app.db)).rows[0]?.n)
})
