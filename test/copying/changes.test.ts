import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { copyDatabase } from '../../src/copying/copy.ts'
import { withEnds } from '../../src/copying/open.ts'
import { TABLES } from '../../src/copying/tables.ts'
import { isLeftOut } from '../support/app.ts'
import { emptyFolder, PROJECT } from '../support/child.ts'
import { makeDatabase, read, swell, write } from '../support/copying.ts'
import { newPostgresDatabase } from '../support/postgres.ts'

type Copy = (isLast?: 'last') => Promise<string>

/** Copies as the command does, and says how many rows there are now. */
const copyBetween =
  (from: string, to: string): Copy =>
  (isLast) =>
    withEnds(from, to, async (ends) => {
      const { sums } = await copyDatabase(ends, isLast === 'last', () => () => {})
      return [...(sums ?? [])].map(([table, { count }]) => `${table} ${count}`).join(', ')
    })

/** How a copy tells what each table holds; those that are not given hold nothing. */
const tallyOf = (counts: Record<string, number>) => TABLES.map((table) => `${table} ${counts[table] ?? 0}`).join(', ')

/** A database that this version makes from nothing says that the upgrade to it is finished. */
const PEOPLE = { users: 600, passwords: 600, roles: 2, user_roles: 600, sessions: 1200, upgrades: 1 }
const FULL = tallyOf(PEOPLE)

/** A full database of one kind, and an empty one of the other. */
async function eachWay(t: Test, run: (t: Test, ends: { from: string; to: string; copy: Copy }) => Promise<void>) {
  const filled = async (t: Test) => {
    const path = `${emptyFolder(t)}/test.db`
    await makeDatabase(`sqlite:${path}`)
    swell(path, 600)
    return `sqlite:${path}`
  }
  await t.test('SQLite to PostgreSQL', async (t) => {
    const from = await filled(t)
    const to = newPostgresDatabase(t, { migrated: false })
    await run(t, { from, to, copy: copyBetween(from, to) })
  })
  await t.test('PostgreSQL to SQLite', async (t) => {
    const from = newPostgresDatabase(t)
    t.equal(await copyBetween(await filled(t), from)('last'), FULL)
    const to = `sqlite:${emptyFolder(t)}/back.db`
    await run(t, { from, to, copy: copyBetween(from, to) })
  })
}

/** Between two runs: names that pass on, accounts that go with all they had, one that takes a free name, a revocation. */
const CHANGES = [
  "update users set username = 'spare', username_key = 'spare' where username = 'old10'",
  "update users set username = 'old10', username_key = 'old10' where username = 'old11'",
  "update users set username = 'old11', username_key = 'old11' where username = 'spare'",
  'delete from users where id in (20, 21, 599)',
  "insert into users (uid, username, username_key, created_at, updated_at) values ('new', 'old20', 'old20', 1, 1)",
  "insert into user_roles select id, 'admin' from users where uid = 'new'",
  "delete from user_roles where user_id = 30 and role = 'user'",
  "update sessions set revoked_at = 5, revoked_reason = 'logout' where user_id = 40",
  "update passwords set hash = 'x', weak_format = 'y' where user_id = 50",
]

const CHANGED = tallyOf({ users: 598, passwords: 597, roles: 2, user_roles: 597, sessions: 1194, upgrades: 1 })

async function changes(t: Test) {
  await eachWay(t, async (t, { from, to, copy }) => {
    t.equal(await copy(), FULL)
    await write(from, ...CHANGES)
    t.equal(await copy('last'), CHANGED)
    t.equal(await copy('last'), '', 'once more does nothing')
    const names = "select id, username from users where username in ('old10', 'old11', 'old20') order by id"
    t.strictSame(await read(to, names), ['10,old11', '11,old10', '601,old20'])
    await t.rejects(write(from, 'delete from sessions'), /this database was moved/)

    const next = "insert into users (uid, created_at, updated_at) values ('next', 1, 1)"
    await write(to, next, 'delete from users where id = 1')
    t.strictSame(await read(to, "select id from users where uid = 'next'"), ['602'], 'numbers go on')
    t.strictSame(await read(to, 'select count(*) from sessions where user_id = 1'), ['0'], 'references hold again')
    const nobody = "insert into passwords (user_id, hash, updated_at) values (9999, 'x', 1)"
    await t.rejects(write(to, nobody), /foreign key/i)
  })
}

async function numbers(t: Test) {
  await eachWay(t, async (t, { from, to, copy }) => {
    await write(from, 'delete from users where id > 590')
    await copy('last')
    await write(to, "insert into users (uid, created_at, updated_at) values ('next', 1, 1)")
    t.strictSame(await read(to, "select id from users where uid = 'next'"), ['601'])
  })
}

async function differences(t: Test) {
  await eachWay(t, async (t, { from, to, copy }) => {
    t.equal(await copy(), FULL)
    await write(to, "update users set name = replace(name, 'ë', 'e') where id = 300")
    const fault = { message: /in users \(600 rows on both sides, with different contents\)/ }
    await t.rejects(copy(), fault)
    await t.rejects(copy('last'), fault)
    await write(to, 'delete from sessions where user_id = 300')
    await t.rejects(copy('last'), { message: /sessions \(1200 rows here, 1198 there\)/ })
    await write(from, "update users set name = 'still at work' where id = 300")
    await t.rejects(copy('last'), { message: /sessions/ }, 'a change that mends one table does not hide the other')
    await write(from, 'update sessions set last_used_at = 7 where user_id = 300')
    t.equal(await copy('last'), FULL)
  })
}

async function sameDatabase(t: Test) {
  const url = newPostgresDatabase(t)
  const otherName = url.replace('127.0.0.1', 'localhost')
  await t.rejects(copyBetween(url, otherName)(), { message: /are the same database/ })
  await write(url, "insert into users (uid, created_at, updated_at) values ('free', 1, 1)")
  t.strictSame(await read(url, "select to_regclass('copy_mark')"), [''], 'and nothing is left of it')
}

async function twoAtOnce(t: Test) {
  const path = `${emptyFolder(t)}/test.db`
  const [from, to] = [`sqlite:${path}`, `sqlite:${path}.copy`]
  await makeDatabase(from)
  swell(path, 600)
  const args = [join(PROJECT, 'src/cli.ts'), 'db', 'copy', '--from', from, '--to', to]
  const relieved = withEnds(from, to, (ends) =>
    copyDatabase(ends, true, (step) => {
      // another one comes when this one is about to copy, and is done before this one goes on
      if (step === 'copying') spawnSync(process.execPath, args, { env: {} })
      return () => {}
    }),
  )
  await t.rejects(relieved, { message: /another db copy to this database was begun/ })
  await write(from, "update users set name = 'not closed' where id = 1")
  // the command leaves word of itself
  t.equal(await copyBetween(from, to)('last'), tallyOf({ ...PEOPLE, audit_events: 1 }))
}

async function nul(t: Test) {
  const path = `${emptyFolder(t)}/test.db`
  await makeDatabase(`sqlite:${path}`)
  await write(`sqlite:${path}`, "insert into ephemeral values ('odd', 'a' || char(0) || 'b', 1)")
  const copy = copyBetween(`sqlite:${path}`, newPostgresDatabase(t))
  await t.rejects(copy(), { message: 'PostgreSQL cannot hold the NUL character in ephemeral.value of ["odd"]' })
  await write(`sqlite:${path}`, "update ephemeral set value = '\\u0000'")
  t.match(await copy(), /ephemeral 1/)
}

if (!isLeftOut('postgres')) {
  t.test('what changed between two runs is the same on both sides', changes)
  t.test('the numbers of accounts that are gone are not given out on the other side', numbers)
  t.test('one changed byte is found, and then nothing is closed', differences)
  t.test('a database is not copied into itself, by whatever name', sameDatabase)
  t.test('of two copies at once the later one goes on, and the other one closes nothing', twoAtOnce)
  t.test('what PostgreSQL cannot hold is said, and when it is mended the copy goes on', nul)
}
