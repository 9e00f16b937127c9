import t, { type Test } from 'tap'
import { copyDatabase } from '../../src/copying/copy.ts'
import { beginCopy, reopen } from '../../src/copying/ends.ts'
import { openEnd, withEnds } from '../../src/copying/open.ts'
import { TABLES } from '../../src/copying/tables.ts'
import { aloneIn } from '../../src/db/one-state.ts'
import { isLeftOut } from '../support/app.ts'
import { emptyFolder } from '../support/child.ts'
import { makeDatabase, read, swell, write } from '../support/copying.ts'
import { newPostgresDatabase } from '../support/postgres.ts'
import { eventually } from '../support/wait.ts'

const copy = (from: string, to: string, isLast = false) =>
  withEnds(from, to, (ends) => copyDatabase(ends, isLast, () => () => {}))

async function newSource(t: Test): Promise<string> {
  const path = `${emptyFolder(t)}/test.db`
  await makeDatabase(`sqlite:${path}`)
  swell(path, 5)
  return `sqlite:${path}`
}

const referencesOf = (url: string) =>
  read(
    url,
    `select conname, convalidated from pg_constraint
     where contype = 'f' and connamespace = current_schema()::regnamespace order by conname`,
  )

const ALL = [
  'known_devices_user_id_fkey,true',
  'passwords_user_id_fkey,true',
  'proofs_user_id_fkey,true',
  'sessions_user_id_fkey,true',
  'user_roles_role_fkey,true',
  'user_roles_user_id_fkey,true',
]

async function begunAnew(t: Test) {
  const from = await newSource(t)
  const to = newPostgresDatabase(t)
  t.strictSame(await referencesOf(to), ALL)
  // ended before the first rows
  await withEnds(from, to, beginCopy)
  t.strictSame(await referencesOf(to), [])
  const source = await openEnd(from)
  await reopen(source).finally(() => source.db.destroy())
  await copy(from, to, true)
  t.strictSame(await referencesOf(to), ALL)
}

/** Begins a copy from `slow`, which finds the target untouched, and lets it go on when `meanwhile` is over. */
async function overtake(
  slow: string,
  to: string,
  meanwhile: () => Promise<unknown>,
): Promise<PromiseSettledResult<unknown>> {
  const source = await openEnd(slow)
  const overtaken = aloneIn(source.db, TABLES, async () => {
    const running = Promise.allSettled([withEnds(slow, to, beginCopy)])
    const waiting = "select 1 from pg_locks where not granted and relation = 'users'::regclass"
    await eventually(async () => (await read(slow, waiting)).length > 0)
    await meanwhile()
    return { running }
  })
  try {
    const [result] = await (await overtaken).running
    return result
  } finally {
    await source.db.destroy()
  }
}

async function together(t: Test) {
  const from = await newSource(t)
  const slow = newPostgresDatabase(t)
  const to = newPostgresDatabase(t)
  const begun = await overtake(slow, to, () => withEnds(from, to, beginCopy))
  t.equal(begun.status, 'fulfilled')
  await copy(slow, to, true)
  t.strictSame(await referencesOf(to), ALL)
}

async function tooLate(t: Test) {
  const from = await newSource(t)
  const to = newPostgresDatabase(t)
  const begun = await overtake(newPostgresDatabase(t), to, () => copy(from, to))
  t.match(begun, { status: 'rejected', reason: { message: /has rows in users: a copy needs an empty database/ } })
  await copy(from, to, true)
  t.strictSame(await referencesOf(to), ALL)
}

async function lost(t: Test) {
  const from = await newSource(t)
  const to = newPostgresDatabase(t)
  await write(to, 'alter table user_roles drop constraint user_roles_role_fkey')
  const message = /user_roles in the target would have 1 foreign keys instead of 2: db drop there/
  await t.rejects(copy(from, to, true), { message })
  await write(from, "update users set name = 'not closed' where id = 1")
}

if (!isLeftOut('postgres')) {
  t.test('references that a copy without rows took away are there when the next one is finished', begunAnew)
  t.test('a copy that finds another one just begun gives back what that one took away', together)
  t.test('a copy that finds the rows of another one leaves them alone', tooLate)
  t.test('a target that would lack a reference is refused before the source is closed', lost)
}
