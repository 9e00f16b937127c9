import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { TABLES } from '../../src/copying/tables.ts'
import { MIGRATION_NAMES, migrateDown, migrateUp, migrationStates, prepareSchema } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'
import { removeDatabase } from '../../src/db/whole.ts'
import { type Environment, testEnvironment } from '../support/app.ts'

const run = promisify(execFile)

const ALL = [...MIGRATION_NAMES]
const DONE = ALL.map((name) => `done: ${name}\n`).join('')

const urlFor = (t: Test) => testEnvironment(t)['DATABASE_URL'] ?? ''

const tablesOf = async (db: ReturnType<typeof openDatabase>['db']) =>
  (await db.introspection.getTables()).map(({ name }) => name).filter((name) => !name.startsWith('kysely_'))

t.test('migrations go up, down and up again', async (t) => {
  const { db } = openDatabase(urlFor(t))
  t.teardown(() => db.destroy())
  t.strictSame(await migrateUp(db), ALL)
  t.strictSame((await tablesOf(db)).sort(), TABLES.toSorted())
  t.strictSame(await migrateUp(db), [], 'a second time there is nothing to do')
  t.ok((await migrationStates(db)).every(({ executed_at }) => executed_at instanceof Date))
  for (const name of ALL.toReversed()) t.strictSame(await migrateDown(db), [name])
  t.strictSame(await tablesOf(db), [])
  await migrateUp(db)
  t.strictSame(await migrateDown(db, true), ALL.toReversed())
  t.strictSame(await migrateUp(db), ALL)
})

t.test('processes that migrate a new database at once take turns', async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const environment = testEnvironment(t)
    const outputs = await Promise.all(Array.from({ length: 4 }, () => migrateInProcess(environment)))
    t.strictSame(outputs.sort(), [DONE, ...Array.from({ length: 3 }, () => 'nothing to do\n')])
  }
})

async function migrateInProcess(environment: Environment): Promise<string> {
  const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
  const { stdout } = await run(process.execPath, [cli, 'migrate', 'up'], { env: { ...process.env, ...environment } })
  return stdout
}

t.test('a migration that was numbered before others and came after them runs too', async (t) => {
  const { db } = openDatabase(urlFor(t))
  t.teardown(() => db.destroy())
  await migrateUp(db)
  await db.schema.alterTable('passwords').dropColumn('weak_format').execute()
  await sql`delete from kysely_migration where name = '0002-weak-formats'`.execute(db)
  t.strictSame(await migrateUp(db), ['0002-weak-formats'])
  t.strictSame((await migrateDown(db, true)).length, ALL.length)
})

t.test('a migration that fails leaves nothing behind', async (t) => {
  const { db } = openDatabase(urlFor(t))
  t.teardown(() => db.destroy())
  // in the way of the last table that the migration makes
  await db.schema.createTable('messages').addColumn('x', 'integer').execute()
  await t.rejects(migrateUp(db), /already exists/)
  t.strictSame(await tablesOf(db), ['messages'])
})

t.test('MIGRATE=check names what is pending and changes nothing', async (t) => {
  const { db } = openDatabase(urlFor(t))
  t.teardown(() => db.destroy())
  await t.rejects(prepareSchema(db, 'check'), new RegExp(`lacks the migrations ${ALL.join(', ')};`))
  t.strictSame(await tablesOf(db), [])
  await prepareSchema(db, 'auto')
  await t.resolves(prepareSchema(db, 'check'))
})

t.test('the id of a deleted account is never given to another', async (t) => {
  const { db } = openDatabase(urlFor(t))
  t.teardown(() => db.destroy())
  await migrateUp(db)
  const add = async (uid: string) =>
    (
      await db
        .insertInto('users')
        .values({ uid, created_at: 0, updated_at: 0 } as never)
        .returning('id')
        .executeTakeFirstOrThrow()
    ).id
  const first = await add('a')
  await db.deleteFrom('users').execute()
  t.ok((await add('b')) > first)
})

t.test('a removed database is gone with its side files', async (t) => {
  const url = urlFor(t)
  const { db } = openDatabase(url)
  await migrateUp(db)
  await db.destroy()
  t.ok(await removeDatabase(url))
  t.notOk(await removeDatabase(url))
})

t.test('writes are durable and references are enforced', async (t) => {
  const { db } = openDatabase(urlFor(t))
  t.teardown(() => db.destroy())
  await migrateUp(db)
  const pragma = async (name: string) =>
    Object.values((await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(db)).rows[0] ?? {})[0]
  t.equal(await pragma('journal_mode'), 'wal')
  t.equal(await pragma('synchronous'), 2)
  t.equal(await pragma('foreign_keys'), 1)
  await t.rejects(db.insertInto('passwords').values({ user_id: 1, hash: '', updated_at: 0 }).execute(), /FOREIGN KEY/)
})

t.test('a new database can be read by its owner alone', async (t) => {
  const url = urlFor(t)
  const { db } = openDatabase(url)
  t.teardown(() => db.destroy())
  await migrateUp(db)
  for (const suffix of ['', '-wal', '-shm']) {
    t.equal(statSync(url.slice('sqlite:'.length) + suffix).mode & 0o777, 0o600, `the file${suffix}`)
  }
})
