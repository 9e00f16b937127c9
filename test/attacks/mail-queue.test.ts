/** Nobody waits for the messages of somebody else, and a code that is of use for minutes waits for no notice. */
import { CompiledQuery, sql } from 'kysely'
import t, { type Test } from 'tap'
import type { MessageData } from '../../src/mail/messages.ts'
import { claimMessage, postponeMessage, selectNext } from '../../src/mail/outbox.ts'
import { LEASE } from '../../src/mail/sender.ts'
import { onPostgres, startApp, type TestApp } from '../support/app.ts'
import { enqueue } from '../support/mail.ts'

const MINUTE = 60_000

/** A service that writes messages down and sends none: whose turn it is, is asked here. */
async function start(t: Test) {
  const app = await startApp(t)
  const { audit, config, db, now } = app
  const mailer = { ...app.mailer, wake() {} }
  const tell = (to: string) =>
    enqueue({ audit, config, db, mailer, now }, { template: 'password-changed', to, data: { at: now() } })
  const send = <T extends 'sign-in-code' | 'email-verify'>(template: T, to: string, data: MessageData[T]) =>
    enqueue({ audit, config, db, mailer, now }, { template, to, data })
  return { app, tell, send }
}

/** What leaves next. */
async function leaving({ db, now }: TestApp, count: number): Promise<string[]> {
  const left: string[] = []
  for (let index = 0; index < count; index += 1) {
    const row = await claimMessage(db, now(), LEASE)
    left.push(row ? row.recipient : 'nothing')
  }
  return left
}

t.test('who comes after somebody’s hundred messages waits for one of them', async (t) => {
  const { app, tell } = await start(t)
  for (let index = 0; index < 100; index += 1) await tell('mallory@example.org')
  app.clock.advance(1000)
  await tell('ada@example.org')
  await tell('bob@example.org')
  await tell('ada@example.org')
  t.strictSame(await leaving(app, 6), [
    'mallory@example.org',
    'ada@example.org',
    'bob@example.org',
    'mallory@example.org',
    'ada@example.org',
    'mallory@example.org',
  ])
  app.clock.advance(10 * MINUTE)
  await tell('eve@example.org')
  const [first = ''] = await leaving(app, 1)
  t.equal(first, 'mallory@example.org', 'nobody is put off for ever')
})

t.test('a code overtakes whatever has waited, and a link that is good for days does not', async (t) => {
  const { app, tell, send } = await start(t)
  for (let index = 0; index < 20; index += 1) await tell(`notice${index}@example.org`)
  app.clock.advance(48 * 60 * MINUTE)
  await send('email-verify', 'late@example.org', {
    link: 'https://example.org',
    expires_at: app.now() + 72 * 60 * MINUTE,
  })
  await send('sign-in-code', 'code@example.org', { code: '123456', expires_at: app.now() + 10 * MINUTE })
  t.strictSame(await leaving(app, 2), ['code@example.org', 'notice0@example.org'])
  t.equal((await leaving(app, 20)).at(-1), 'late@example.org')
  t.strictSame(await leaving(app, 1), ['nothing'], 'what has been taken is nobody else’s')
})

t.test('what was put off leaves when it is due, and is in nobody’s way before', async (t) => {
  const { app, tell } = await start(t)
  await tell('ada@example.org')
  const row = await claimMessage(app.db, app.now(), LEASE)
  if (!row) throw new Error('there is one')
  await postponeMessage(app.db, row, app.now(), app.now() + MINUTE)
  app.clock.advance(1000)
  await tell('bob@example.org')
  t.strictSame(await leaving(app, 2), ['bob@example.org', 'nothing'])
  app.clock.advance(MINUTE)
  t.strictSame(await leaving(app, 2), ['ada@example.org', 'nothing'])
})

t.test('a message that an older version wrote down, without a turn, leaves too', async (t) => {
  const { app, tell } = await start(t)
  await tell('ada@example.org')
  await tell('bob@example.org')
  await app.db.updateTable('outbox').set({ turn: null }).where('recipient', '=', 'ada@example.org').execute()
  t.strictSame((await leaving(app, 3)).toSorted(), ['ada@example.org', 'bob@example.org', 'nothing'])
})

t.test('with ten thousand waiting, whose turn it is costs a look at the index', async (t) => {
  const { app, tell } = await start(t)
  await tell('ada@example.org')
  const [first] = await app.db.selectFrom('outbox').selectAll().execute()
  if (!first) throw new Error('there is one')
  const { id: _, ...row } = first
  for (let batch = 0; batch < 20; batch += 1) {
    const rows = Array.from({ length: 500 }, (_, index) => ({
      ...row,
      recipient: `a${batch * 500 + index}@example.org`,
      turn: app.now() + batch * 500 + index,
    }))
    await app.db.insertInto('outbox').values(rows).execute()
  }
  if (onPostgres()) await sql`analyze outbox`.execute(app.db)
  const { sql: query, parameters } = selectNext(app.db, app.now()).compile()
  const plan = CompiledQuery.raw(`${onPostgres() ? 'explain' : 'explain query plan'} ${query}`, [...parameters])
  t.match(JSON.stringify((await app.db.executeQuery(plan)).rows), /outbox_turn/)
})
