import { join } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { Kysely, sql } from 'kysely'
import t, { type Test } from 'tap'
import { sqliteDialect } from '../../src/db/sqlite.ts'

interface Tables {
  notes: { id: number; text: string }
}

/** A database of its own, and what it was told to run. */
async function openNotes(t: Test) {
  const statements: string[] = []
  const path = join(t.testdir(), 'notes.db')
  /** what a commit takes at least, in ms */
  const slow = { commit: 0 }
  const hear = (text: unknown) => {
    statements.push(String(text))
    const end = performance.now() + slow.commit
    if (text === 'commit') while (performance.now() < end);
  }
  const file = new BetterSqlite(path, { timeout: 0, verbose: hear })
  file.pragma('journal_mode = WAL')
  const db = new Kysely<Tables>({ dialect: sqliteDialect(file) })
  t.teardown(() => db.destroy())
  await sql`create table notes (id integer primary key, text text not null)`.execute(db)
  const add = (id: number, text = 'x') => db.insertInto('notes').values({ id, text }).execute()
  const count = () => file.prepare('select count(*) from notes').pluck().get() as number
  statements.length = 0
  return { path, file, db, add, count, statements, slow }
}

const commitsIn = (statements: readonly string[]) => statements.filter((text) => text === 'commit').length

const upTo = (length: number) => Array.from({ length }, (_, id) => id)

t.test('writes of one moment share one commit, and each gets its own answer', async (t) => {
  const { db, add, count, statements } = await openNotes(t)
  const answers = await Promise.all([
    ...upTo(50).map((id) => add(id)),
    db.updateTable('notes').set({ text: 'y' }).where('id', '<', 3).returning('id').execute(),
  ])
  t.equal(count(), 50)
  t.strictSame(answers.at(-1), [{ id: 0 }, { id: 1 }, { id: 2 }])
  t.equal(commitsIn(statements), 1)
})

t.test('a write that comes alone is a transaction by itself', async (t) => {
  const { add, statements } = await openNotes(t)
  await add(1)
  t.equal(statements.length, 1)
})

t.test('where commits are slow, writes of several moments share one', async (t) => {
  const { add, count, statements, slow } = await openNotes(t)
  slow.commit = 5
  const writes: Promise<unknown>[] = [add(0), add(1)]
  await Promise.all(writes)
  for (const id of upTo(30)) {
    writes.push(add(2 + id))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(writes)
  t.equal(count(), 32)
  t.ok(commitsIn(statements) < 8, `${commitsIn(statements)} commits`)
})

t.test('nobody is answered before the commit', async (t) => {
  const { path, add } = await openNotes(t)
  const other = new BetterSqlite(path, { readonly: true })
  t.teardown(() => other.close())
  const seen = upTo(10).map((id) =>
    add(id).then(() => other.prepare('select count(*) from notes where id = ?').pluck().get(id)),
  )
  t.strictSame(new Set(await Promise.all(seen)), new Set([1]))
})

t.test('nobody is answered with what could not be committed', async (t) => {
  const { file, add, count, db } = await openNotes(t)
  // looked at when it is committed
  file.exec(`create table replies (note integer references notes (id) deferrable initially deferred)`)
  file.pragma('foreign_keys = on')
  const results = await Promise.allSettled([add(1), sql`insert into replies values (2)`.execute(db), add(3)])
  t.ok(results.every(({ status }) => status === 'rejected'))
  t.equal(count(), 0)
})

t.test('a write that breaks a rule fails alone', async (t) => {
  const { add, count } = await openNotes(t)
  const results = await Promise.allSettled([add(1), add(2), add(1), add(3)])
  t.strictSame(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
  t.match(results[2], { reason: { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' } })
  t.equal(count(), 3)
})

t.test('what ends the transaction fails all, and the next ones are written', async (t) => {
  const { file, add, count } = await openNotes(t)
  const pages = file.pragma('max_page_count', { simple: true })
  file.pragma(`max_page_count = ${file.pragma('page_count', { simple: true })}`)
  const results = await Promise.allSettled([add(1), add(2, 'x'.repeat(100_000)), add(3)])
  for (const result of results) t.match(result, { status: 'rejected', reason: { code: 'SQLITE_FULL' } })
  t.equal(count(), 0, 'what was refused is not there')
  file.pragma(`max_page_count = ${pages}`)
  await Promise.all([add(1), add(3)])
  t.equal(count(), 2)
})

t.test('writes wait together for another process, and none is lost', async (t) => {
  const { path, add, count } = await openNotes(t)
  const other = new BetterSqlite(path)
  t.teardown(() => other.close())
  other.exec('begin immediate')
  const writes = Promise.all(upTo(20).map((id) => add(id)))
  let isDone = false
  writes.then(() => (isDone = true))
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.notOk(isDone)
  other.exec('commit')
  await writes
  t.equal(count(), 20)
})

t.test('writes keep out of a transaction that is under way', async (t) => {
  const { db, add, count } = await openNotes(t)
  const failing = db.transaction().execute(async (tx) => {
    await tx.insertInto('notes').values({ id: 100, text: 'x' }).execute()
    const others = Promise.all([add(1), add(2)])
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    await tx.insertInto('notes').values({ id: 101, text: 'x' }).execute()
    throw Object.assign(new Error('taken back'), { others })
  })
  const error = await failing.then(
    () => undefined,
    (reason: Error & { others: Promise<unknown> }) => reason,
  )
  await error?.others
  t.equal(count(), 2)
})

t.test('a join is planned once, whatever is looked for', async (t) => {
  const { db, add } = await openNotes(t)
  await add(1)
  const { sql: text } = db
    .selectFrom('notes as a')
    .innerJoin('notes as b', 'b.id', 'a.id')
    .select('a.id')
    .where('a.id', '=', 1)
    .compile()
  t.match(text, /= \+\?/, 'a bare parameter would make SQLite parse the statement for each value')
})
