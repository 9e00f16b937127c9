/** What one writer at a time settles on SQLite: transactions that run beside one another, held up where it matters. */
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { insertAccounts } from '../../src/accounts/many.ts'
import { keepOut, violatedUnique } from '../../src/db/dialect.ts'
import { type Db, openDatabase } from '../../src/db/open.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { createSqlEphemeral } from '../../src/ephemeral/sql.ts'
import {
  getMe,
  isLeftOut,
  login,
  type Person,
  post,
  refresh,
  registerAdmin,
  registerSomebody,
  startApp,
  type TestApp,
  testEnvironment,
} from '../support/app.ts'
import { matchLists } from '../support/match.ts'
import { emptyDatabase, jsonLines } from '../support/moving.ts'
import { newPostgresDatabase } from '../support/postgres.ts'
import { eventually } from '../support/wait.ts'

/** Two nodes on one database. */
async function twoNodes(t: Test) {
  const here = await startApp(t, testEnvironment(t, { DATABASE_URL: newPostgresDatabase(t) }))
  return { here, there: await startApp(t, here.environment, here.clock) }
}

/** Nodes that tell something, at once or when they are let, and such as listen. */
async function tellers(t: Test) {
  const url = newPostgresDatabase(t)
  const open = async () => {
    const database = openDatabase(url)
    t.teardown(() => Promise.all([database.db.destroy(), database.line?.destroy()]))
    const store = await createSqlEphemeral({ ...database, now: Date.now, elapsed: () => performance.now() })
    t.teardown(() => store.close())
    return { ...store, db: database.db }
  }
  const { db, publish } = await open()
  return {
    fast: (body: string) => inTransaction(db, (tx) => publish(tx, 'news', body)),

    /** @returns what makes it commit */
    async slow(body: string) {
      const { promise: isLet, resolve: letGo } = Promise.withResolvers<void>()
      const { promise: isWritten, resolve: written } = Promise.withResolvers<void>()
      const told = inTransaction(db, async (tx) => {
        await publish(tx, 'news', body)
        written()
        await isLet
      })
      await isWritten
      return () => {
        letGo()
        return told
      }
    },

    async listen() {
      const node = await open()
      const heard: string[] = []
      node.subscribe('news', { hear: (body) => heard.push(body), lose: () => heard.push('lost') })
      return { ...node, heard }
    },

    /** Makes the database one that knows of no message, as a standby may be that had not got them. */
    async goBack() {
      await db.deleteFrom('messages').execute()
      await sql`select setval(pg_get_serial_sequence('messages', 'id'), 1, false)`.execute(db)
    },

    /** Gives numbers of messages to transactions that are not committed. */
    skip: (count: number) =>
      sql`select nextval(pg_get_serial_sequence('messages', 'id')) from generate_series(1, ${count})`.execute(db),
  }
}

/** Makes every change of this kind take a while, in the middle of its transaction. */
async function slowDown(db: Db, table: string, change: 'insert' | 'update' | 'delete', condition = 'true') {
  await sql`
    create or replace function linger() returns trigger language plpgsql as
    $$ begin perform pg_sleep(0.4); return case tg_op when 'DELETE' then old else new end; end $$`.execute(db)
  await sql`
    create trigger slow before ${sql.raw(change)} on ${sql.table(table)}
    for each row when (${sql.raw(condition)}) execute function linger()`.execute(db)
}

/** Makes every transaction that changes this table take a while to commit, when all it does has been done. */
async function slowCommits(db: Db, table: string) {
  await sql`
    create function linger() returns trigger language plpgsql as
    $$ begin perform pg_sleep(0.4); return null; end $$`.execute(db)
  await sql`
    create constraint trigger slow after insert or delete on ${sql.table(table)}
    deferrable initially deferred for each row execute function linger()`.execute(db)
}

/** Resolves while a transaction lingers. */
const lingers = (db: Db) =>
  eventually(async () => {
    const { rows } = await sql`
      select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`.execute(db)
    return rows.length > 0
  })

/** Resolves while a transaction waits for what another one holds. */
const waitsForLock = (db: Db) =>
  eventually(async () => {
    const { rows } = await sql`
      select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`.execute(db)
    return rows.length > 0
  })

const uidOf = async (app: TestApp, person: Person) => (await getMe(app, person.access_token)).json().id as string

async function put(app: TestApp, by: Person, uid: string, payload: object) {
  return app.inject({ method: 'PUT', url: `/api/v1/users/${uid}`, payload, headers: by.authorization })
}

async function races(t: Test): Promise<void> {
  for (const [what, update] of Object.entries({
    'a new password': { password: 'another password' },
    'a disabling': { disabled: true },
  })) {
    t.test(`${what} ends the session that is being opened at that moment on another node`, async (t) => {
      const { here, there } = await twoNodes(t)
      const admin = await registerAdmin(here)
      const person = await registerSomebody(here)
      const uid = await uidOf(here, person)
      await slowDown(here.db, 'sessions', 'insert')
      const opening = post(there, '/auth/login', { identifier: person.username, password: person.password })
      await lingers(here.db)
      t.equal((await put(here, admin, uid, update)).statusCode, 200)
      const opened = await opening
      const living = await here.db
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .where('users.uid', '=', uid)
        .where('revoked_at', 'is', null)
        .select('sessions.id')
        .execute()
      t.strictSame(living, [], 'no session is left')
      if (opened.statusCode === 200) t.equal((await getMe(there, opened.json().access_token)).statusCode, 401)
    })
  }

  for (const [what, change] of Object.entries({
    'has been refreshed twice': { generation: 3 },
    'has ended': { revoked_at: 1, revoked_reason: 'logout' },
  })) {
    t.test(`a refresh that waits for another one changes no session that ${what} by then`, async (t) => {
      const { here } = await twoNodes(t)
      const { refresh_token } = await registerSomebody(here)
      const { promise: isLet, resolve: letGo } = Promise.withResolvers<void>()
      const { promise: isWritten, resolve: written } = Promise.withResolvers<void>()
      const changed = inTransaction(here.db, async (tx) => {
        await tx.updateTable('sessions').set(change).execute()
        written()
        await isLet
      })
      await isWritten
      const refreshed = refresh(here, refresh_token)
      await waitsForLock(here.db)
      letGo()
      await changed
      t.equal((await refreshed).statusCode, 401)
      const session = await here.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
      t.equal(session.generation, change.generation ?? 1)
    })
  }

  t.test('of two new passwords that start from one old password on two nodes, the first counts', async (t) => {
    const { here, there } = await twoNodes(t)
    const person = await registerSomebody(here)
    await slowDown(here.db, 'passwords', 'update')
    const change = (app: TestApp, new_password: string) =>
      post(app, '/users/me/password', { current_password: person.password, new_password }, person.authorization)
    const first = change(here, 'the password of ada')
    await lingers(here.db)
    t.strictSame([(await change(there, 'the password of eve')).statusCode, (await first).statusCode], [403, 204])
    t.ok(await login(here, person.username, 'the password of ada'))
  })

  t.test('two admins who take each other’s role away at once leave one of them', async (t) => {
    const { here, there } = await twoNodes(t)
    const [ada, eve] = [await registerAdmin(here), await registerAdmin(here)]
    const [uidOfAda, uidOfEve] = [await uidOf(here, ada), await uidOf(here, eve)]
    await slowCommits(here.db, 'user_roles')
    const answers = await Promise.all([
      put(here, ada, uidOfEve, { roles: ['user'] }),
      put(there, eve, uidOfAda, { roles: ['user'] }),
    ])
    t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, 409])
    const admins = here.db.selectFrom('user_roles').where('role', '=', 'admin').select('user_id')
    t.equal((await admins.execute()).length, 1)
  })

  t.test('an account that becomes the only admin while it is being demoted stays one', async (t) => {
    const { here, there } = await twoNodes(t)
    const [admin, other] = [await registerAdmin(here), await registerSomebody(here)]
    const [uidOfAdmin, uidOfOther] = [await uidOf(here, admin), await uidOf(here, other)]
    await slowCommits(here.db, 'user_roles')
    const promotion = put(here, admin, uidOfOther, { roles: ['admin'] })
    await lingers(here.db)
    const demotion = put(there, admin, uidOfOther, { roles: ['user'] })
    t.equal((await promotion).statusCode, 200)
    const resignation = put(here, admin, uidOfAdmin, { roles: ['user'] })
    t.strictSame([(await demotion).statusCode, (await resignation).statusCode].sort(), [200, 409])
    const admins = here.db.selectFrom('user_roles').where('role', '=', 'admin').select('user_id')
    t.equal((await admins.execute()).length, 1)
  })

  t.test('a message that another one overtakes is heard all the same', async (t) => {
    const { slow, fast, listen } = await tellers(t)
    const listener = await listen()
    const commit = await slow('slow')
    await fast('fast')
    await listener.catchUp()
    t.strictSame(listener.heard, ['fast'])
    await commit()
    await listener.catchUp()
    t.strictSame(listener.heard, ['fast', 'slow'])
  })

  t.test('a node that starts while a message is being overtaken hears it', async (t) => {
    const { slow, fast, listen } = await tellers(t)
    const commit = await slow('slow')
    await fast('fast')
    const late = await listen()
    await commit()
    await late.catchUp()
    t.strictSame(late.heard, ['slow'])
  })

  t.test('a failover to a server that had not got all makes a node start afresh', async (t) => {
    const { fast, listen, goBack } = await tellers(t)
    const listener = await listen()
    for (const body of ['one', 'two', 'three']) await fast(body)
    await listener.catchUp()
    await goBack()
    await eventually(async () => {
      await listener.catchUp()
      return listener.heard.includes('lost')
    })
    await fast('four')
    await listener.catchUp()
    t.strictSame(listener.heard, ['one', 'two', 'three', 'lost', 'four'])
  })

  t.test('what is never committed keeps nobody from hearing the rest', async (t) => {
    const { slow, fast, listen, skip } = await tellers(t)
    const listener = await listen()
    await skip(100_000)
    const commit = await slow('slow')
    for (let round = 0; round < 3; round += 1) {
      await skip(100)
      await fast(`fast ${round}`)
      await listener.catchUp()
    }
    await commit()
    await listener.catchUp()
    t.strictSame(listener.heard, ['fast 0', 'fast 1', 'fast 2', 'slow'])
  })

  t.test('a sign-in does not wait for the expired session that somebody has at hand', async (t) => {
    const { here } = await twoNodes(t)
    const person = await registerSomebody(here)
    here.clock.advance(400 * 86_400_000)
    const held = await here.db.startTransaction().execute()
    try {
      await held.selectFrom('sessions').selectAll().forUpdate().execute()
      const begin = performance.now()
      t.ok(await login(here, person.username, person.password))
      t.ok(performance.now() - begin < 2000)
    } finally {
      await held.rollback().execute()
    }
  })

  t.test('an import waits for who is registering, and finds the name taken', async (t) => {
    const { here } = await twoNodes(t)
    const { bringIn } = await emptyDatabase(t, here.environment['DATABASE_URL'])
    await slowDown(here.db, 'sessions', 'insert')
    const registering = registerSomebody(here, { username: 'ada' })
    await lingers(here.db)
    const { lines } = await bringIn(jsonLines({ username: 'ADA', email: 'another@example.org' }))
    matchLists(t, lines, [{ outcome: 'conflict' }])
    await registering
  })

  t.test('nobody is given the number that an imported account brings', async (t) => {
    const { db } = openDatabase(newPostgresDatabase(t))
    t.teardown(() => db.destroy())
    const account = (uid: string) => ({ uid, created_at: 0, updated_at: 0 })
    const add = (...rows: object[]) =>
      inTransaction(db, async (tx) => {
        await keepOut(tx, ['users'])
        return insertAccounts(tx, rows as never)
      })
    await add(account('a'), { ...account('b'), id: 7 })
    t.strictSame(Object.fromEntries(await add(account('c'))), { c: 9 }, 'a took 8')
    await add({ ...account('d'), id: 2 })
    const register = (uid: string) => db.insertInto('users').values(account(uid)).execute()
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        index % 4 ? register(`e${index}`) : add({ ...account(`f${index}`), id: 1000 + 50 * index }),
      ),
    )
    t.equal((await db.selectFrom('users').select('id').execute()).length, 44)
  })

  t.test('of two transactions that wait for each other, the one that is ended runs again', async (t) => {
    const { db } = openDatabase(newPostgresDatabase(t))
    t.teardown(() => db.destroy())
    for (const key of ['a', 'b']) await db.insertInto('ephemeral').values({ key, value: '', expires_at: 0 }).execute()
    let attempts = 0
    let waiting = 0
    const write = (first: string, second: string) =>
      inTransaction(db, async (tx) => {
        attempts += 1
        const set = (key: string) =>
          tx.updateTable('ephemeral').set('value', sql<string>`value || ${first}`).where('key', '=', key).execute()
        await set(first)
        waiting += 1
        await eventually(() => waiting >= 2)
        await set(second)
      })
    await Promise.all([write('a', 'b'), write('b', 'a')])
    t.ok(attempts >= 3, `${attempts} attempts`)
    const rows = await db.selectFrom('ephemeral').select('value').execute()
    t.strictSame(
      rows.map(({ value }) => [...value].sort().join('')),
      ['ab', 'ab'],
      'both were done once',
    )
  })

  t.test('what cannot go better a second time is tried once', async (t) => {
    const { db } = openDatabase(newPostgresDatabase(t))
    t.teardown(() => db.destroy())
    let attempts = 0
    const row = { uid: 'a', username_key: 'ada', created_at: 0, updated_at: 0 }
    await db.insertInto('users').values(row).execute()
    const error = await inTransaction(db, (tx) => {
      attempts += 1
      return tx
        .insertInto('users')
        .values({ ...row, uid: 'b' })
        .execute()
    }).catch((cause: unknown) => cause)
    t.equal(attempts, 1)
    t.equal(violatedUnique(error, ['email_key', 'username_key']), 'username_key')
  })
}

if (!isLeftOut('postgres')) t.test('PostgreSQL', races)
