import t, { type Test } from 'tap'
import { copyDatabase } from '../../src/copying/copy.ts'
import { withEnds } from '../../src/copying/open.ts'
import { refuseCopied } from '../../src/db/mark.ts'
import { openDatabase } from '../../src/db/open.ts'
import { isLeftOut } from '../support/app.ts'
import { emptyFolder } from '../support/child.ts'
import { read, write } from '../support/copying.ts'
import { newPostgresDatabase } from '../support/postgres.ts'

/** Copies, and says how many accounts there are now. */
const copyBetween = (from: string, to: string) => (isLast?: 'last') =>
  withEnds(from, to, async (ends) => {
    const { sums } = await copyDatabase(ends, isLast === 'last', () => () => {})
    return sums?.get('users')?.count
  })

let roles = 0

/** A role that may do what the service does and nothing more, as with MIGRATE=check. */
async function newHumbleRole(t: Test, from: string): Promise<string> {
  roles += 1
  const role = `humble_${process.pid}_${roles}`
  const humble = new URL(from)
  humble.username = role
  await write(
    from,
    `create role ${role} login`,
    `grant select, insert, update, delete on all tables in schema public to ${role}`,
    `grant usage on all sequences in schema public to ${role}`,
  )
  t.teardown(() => write(from, `drop owned by ${role}`, `drop role ${role}`))
  return humble.href
}

/** What a service does first. */
async function lookAtMark(url: string): Promise<void> {
  const { db } = openDatabase(url)
  await refuseCopied(db).finally(() => db.destroy())
}

async function humbleRole(t: Test) {
  const from = newPostgresDatabase(t)
  const humble = await newHumbleRole(t, from)
  const copy = copyBetween(from, `sqlite:${emptyFolder(t)}/back.db`)
  await copy()
  await write(humble, "insert into users (uid, created_at, updated_at) values ('humble', 1, 1)")
  t.equal(await copy(), 1, 'what it writes is noted')
  await lookAtMark(humble)
  await t.rejects(read(humble, 'select progress from copy_mark'), { code: '42501' })
  await copy('last')
  await t.rejects(write(humble, 'delete from users'), { code: '25006' })
  await t.rejects(lookAtMark(humble), { message: /this database was moved/ })
}

async function cunningRole(t: Test) {
  const from = newPostgresDatabase(t)
  const humble = await newHumbleRole(t, from)
  const copy = copyBetween(from, `sqlite:${emptyFolder(t)}/back.db`)
  await copy()
  await write(
    humble,
    'create temp table copy_changes (id bigint, table_name text, key text)',
    'create temp table ran_as (role text)',
    `create function pg_temp.betray() returns trigger language plpgsql as
      'begin insert into pg_temp.ran_as values (current_user); return null; end'`,
    'create trigger betray before insert on copy_changes for each row execute function pg_temp.betray()',
    'grant all on ran_as, copy_changes to public',
    "insert into users (uid, created_at, updated_at) values ('cunning', 1, 1)",
    `do $$ begin if exists (select from ran_as) then raise exception 'its function ran as the owner'; end if; end $$`,
  )
  t.equal(await copy(), 1, 'its own table of that name hides nothing')
  const forge = `create trigger forge after insert on mine for each row execute function latchkey_note_change('id')`
  await t.rejects(write(humble, 'create temp table mine (id bigint)', forge), { code: '42501' })
}

if (!isLeftOut('postgres')) {
  t.test('a service that may only read and write its tables goes on, and is stopped in the end', humbleRole)
  t.test('a service with few rights cannot hide its writes from a copy, nor run anything as the owner', cunningRole)
}
