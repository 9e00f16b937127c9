import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { MIGRATION_NAMES } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'
import { isLeftOut, login, startApp, testEnvironment } from '../support/app.ts'
import { startChild } from '../support/child.ts'
import { commandLine } from '../support/command-line.ts'
import { withDatabase } from '../support/database.ts'
import { freePort } from '../support/ports.ts'
import { newPostgresDatabase } from '../support/postgres.ts'
import { eventually } from '../support/wait.ts'

const PASSWORD = 'hunter2 is long'

/** The command line on a database with nothing in it, or with none where the URL leads; the URL has a password. */
function onServer(t: Test, { missing = false } = {}) {
  const url = new URL(newPostgresDatabase(t, { migrated: false }))
  if (missing) url.pathname = `${url.pathname}_missing`
  const shown = url.href
  url.password = PASSWORD
  return { url: url.href, shown, ...commandLine(t, { DATABASE_URL: url.href }) }
}

const DONE = MIGRATION_NAMES.map((name) => `done: ${name}\n`).join('')

async function commands(t: Test): Promise<void> {
  t.test('db create makes the database where there is none, and its tables once', async (t) => {
    const { latchkey, url, shown } = onServer(t, { missing: true })
    t.strictSame(await latchkey('db', 'create'), { code: 0, stdout: DONE, stderr: '' })
    t.strictSame(await latchkey('db', 'create'), { code: 0, stdout: `${shown} is up to date\n`, stderr: '' })
    const name = new URL(url).pathname.slice(1)
    const { db } = openDatabase(newPostgresDatabase(t))
    t.teardown(() => db.destroy())
    await sql`drop database ${sql.id(name)}`.execute(db)
    t.strictSame(await latchkey('db', 'drop', '--yes'), { code: 0, stdout: `${shown} does not exist\n`, stderr: '' })
  })

  t.test('db drop asks, deletes Latchkey’s tables, and leaves those of others', async (t) => {
    const { latchkey, url, shown } = onServer(t)
    await latchkey('db', 'create')
    // not kept open: what is in use is not deleted
    const tables = () => withDatabase(url, async (db) => (await db.introspection.getTables()).map(({ name }) => name))
    await withDatabase(url, (db) => sql`create table letters (text text)`.execute(db))
    t.match(await latchkey('db', 'drop'), { code: 2, stderr: /needs --yes/ })
    t.ok((await tables()).includes('users'))
    const dropped = { code: 0, stdout: `deleted Latchkey's tables in ${shown}\n`, stderr: '' }
    t.strictSame(await latchkey('db', 'drop', '--yes'), dropped)
    t.strictSame(await tables(), ['letters'])
    t.match(await latchkey('db', 'drop', '--yes'), { code: 0, stdout: `${shown} does not exist\n` })
  })

  t.test('migrations go up, down and up, and several that start at once take turns', async (t) => {
    const { latchkey } = onServer(t)
    const endings = await Promise.all(Array.from({ length: 4 }, () => latchkey('migrate', 'up')))
    t.strictSame(endings.map(({ stdout }) => stdout).sort(), [DONE, ...Array(3).fill('nothing to do\n')])
    t.match(await latchkey('migrate', 'down', '--yes'), { code: 0, stdout: `done: ${MIGRATION_NAMES.at(-1)}\n` })
    t.match(await latchkey('migrate', 'status'), { stdout: /^0001-core {2}\S+Z\n(\S+ {2}\S+Z\n)*\S+ {2}pending\n$/ })
    t.match(await latchkey('migrate', 'down', '--all', '--yes'), { code: 0, stdout: 'done: 0001-core\n' })
    t.match(await latchkey('migrate', 'up'), { code: 0, stdout: DONE })
  })

  t.test('an admin is made, and what cannot be done for SQLite’s sake is said', async (t) => {
    const { start, latchkey, url, environment, folder } = onServer(t)
    const { PATH = '' } = process.env
    const made = startChild(t, {
      args: [...start([]).process.spawnargs.slice(1, 2), 'admin', 'create', '--username', 'ada', '--email', 'a@b.org'],
      cwd: folder,
      env: { ...environment, PATH },
      input: `${PASSWORD}\n`,
    })
    t.match(await made.ended, { code: 0, stderr: '' })
    const app = await startApp(t, testEnvironment(t, { DATABASE_URL: url }), {
      now: Date.now,
      elapsed: () => performance.now(),
      advance() {},
      jump() {},
    })
    t.ok(await login(app, 'ada', PASSWORD))
    t.match(await latchkey('db', 'backup', 'x'), { code: 2, stderr: /SQLite/ })
  })

  t.test('a server that is not there is one line and exit code 1, without the password', async (t) => {
    const port = await freePort()
    const { latchkey } = commandLine(t, {
      DATABASE_URL: `postgres://u:${PASSWORD.replaceAll(' ', '')}@127.0.0.1:${port}/x`,
    })
    for (const args of [['db', 'create'], ['keys', 'list'], ['serve']]) {
      const { code, stdout, stderr } = await latchkey(...args)
      t.strictSame(
        [code, stdout, stderr],
        [1, '', `latchkey: connect ECONNREFUSED 127.0.0.1:${port}\n`],
        args.join(' '),
      )
    }
  })

  t.test('the banner names the database without its password', async (t) => {
    const { start, shown } = onServer(t)
    const port = await freePort()
    const child = start(['serve'], { PORT: String(port) })
    await eventually(() => child.errors().includes('/docs') && child.errors().includes('tokens'), 30_000)
    t.match(child.errors(), `  database   ${shown}\n`)
    t.notMatch(child.errors() + child.output(), 'hunter2')
    child.process.kill('SIGTERM')
    t.equal((await child.ended).code, 0)
  })
}

if (!isLeftOut('postgres')) t.test('PostgreSQL', commands)
