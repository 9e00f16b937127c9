import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import type { Checkpoint } from '../../src/audit/checkpoint.ts'
import { recordEvent } from '../../src/audit/record.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import type { AuditEventRow } from '../../src/db/schema.ts'
import { registerSomebody, startApp, type TestApp } from '../support/app.ts'
import { sealAll } from '../support/audit.ts'
import { emptyFolder } from '../support/child.ts'
import { matchLists } from '../support/match.ts'
import { eventually } from '../support/wait.ts'

const EVENTS = 12
const DAY = 86_400_000

/** Of a log in which nothing was found. */
const SOUND = { findings: [], acknowledged: 0 }

/** A service whose log holds some events, all of them sealed; it seals none by itself, unless told to. */
async function withLog(t: Test, environment: Record<string, string> = {}, isSealing = false): Promise<TestApp> {
  const app = await startApp(t, environment)
  if (!isSealing) app.audit.onStir(() => {})
  await app.db.deleteFrom('audit_events').execute()
  const origin = { ip: '203.0.113.7', user_agent: 'a browser', request_id: 'request-0001' }
  for (let number = 1; number <= EVENTS; number += 1) {
    const actor = { uid: `actor ${number}`, session_id: `session ${number}`, origin }
    const event = { subject: `subject ${number}`, cause: 'logout', details: { number } }
    await recordEvent(app.db, app, { action: 'session.end', actor, ...event })
  }
  await sealAll(app, 'last')
  return app
}

const rowsOf = (app: TestApp) => app.db.selectFrom('audit_events').selectAll().orderBy('seq').execute()

async function putBack(app: TestApp, rows: readonly AuditEventRow[]): Promise<void> {
  await app.db.deleteFrom('audit_events').execute()
  await app.db.insertInto('audit_events').values(rows).execute()
}

const set = (app: TestApp, id: string, change: Partial<AuditEventRow>) =>
  app.db.updateTable('audit_events').set(change).where('id', '=', id).execute()

const remove = (app: TestApp, id: string) => app.db.deleteFrom('audit_events').where('id', '=', id).execute()

/** Another value of the same kind, one character or one away. */
function altered(value: string | number | null): string | number {
  if (value === null) return 'x'
  if (typeof value === 'number') return value + 1
  return value.slice(0, -3) + (value.at(-3) === 'x' ? 'y' : 'x') + value.slice(-2)
}

t.test('a log that nobody touched verifies', async (t) => {
  const app = await withLog(t)
  const verdict = await verifyLog(app)
  t.strictSame(verdict, { ...SOUND, sealed: EVENTS, unsealed: 0, checkpoints: 1, pruned: 0, last: EVENTS })
})

t.test('every altered column of an event is found, sealed or not', async (t) => {
  const app = await withLog(t)
  const rows = await rowsOf(app)
  const columns = Object.keys(rows[0] ?? {}) as (keyof AuditEventRow)[]
  t.equal(columns.length, 18)
  for (const position of [0, 5, EVENTS - 1]) {
    for (const column of columns) {
      const row = rows[position] as AuditEventRow
      // a number that no other has
      const value = column === 'seq' ? 1000 : altered(row[column])
      await set(app, row.id, { [column]: value })
      const { fault } = await verifyLog(app)
      const named = [column === 'id' ? value : row.id, ...(column === 'seq' ? [rows[position + 1]?.id] : [])]
      t.ok(fault && named.includes(fault.row), `${column} of event ${position + 1}: ${fault?.text}`)
      await putBack(app, rows)
    }
  }
  const actor = { origin: { ip: '203.0.113.7', user_agent: undefined } }
  await recordEvent(app.db, app, { action: 'session.end', actor, subject: 'somebody' })
  const [unsealed] = (await rowsOf(app)).filter(({ seq }) => seq === null)
  await set(app, unsealed?.id ?? '', { subject: 'somebody else' })
  t.equal((await verifyLog(app)).fault?.row, unsealed?.id, 'before it is sealed')
})

t.test('a removed event is found: the first, one in the middle, the last', async (t) => {
  const app = await withLog(t)
  const rows = await rowsOf(app)
  const id = (position: number) => rows[position]?.id ?? ''
  for (const position of [0, 5]) {
    await remove(app, id(position))
    const { fault } = await verifyLog(app)
    t.match(fault, { row: id(position + 1), text: `event ${position + 1} before it is missing` })
    await putBack(app, rows)
  }
  await remove(app, id(EVENTS - 1))
  t.match(await verifyLog(app), { fault: { text: `events ${EVENTS} to ${EVENTS} are missing at the end` } })
})

t.test('events that were removed and numbered anew are found', async (t) => {
  const app = await withLog(t)
  const [, second, third] = await rowsOf(app)
  await remove(app, second?.id ?? '')
  for (const row of await rowsOf(app)) if ((row.seq ?? 0) > 2) await set(app, row.id, { seq: (row.seq ?? 0) - 1 })
  t.equal((await verifyLog(app)).fault?.row, third?.id)
})

t.test('an inserted event is found: forged, copied, or before the beginning', async (t) => {
  const app = await withLog(t)
  const rows = await rowsOf(app)
  const [first] = rows as [AuditEventRow]
  const forgeries: Partial<AuditEventRow>[] = [{ seq: EVENTS + 1 }, { seq: null, chain: null }, { seq: 0 }, { seq: -1 }]
  for (const forgery of forgeries) {
    const id = '01900000-0000-7000-8000-000000000000'
    await app.db
      .insertInto('audit_events')
      .values({ ...first, id, ...forgery })
      .execute()
    t.equal((await verifyLog(app)).fault?.row, id, JSON.stringify(forgery))
    await putBack(app, rows)
  }
  await t.rejects(
    app.db
      .insertInto('audit_events')
      .values({ ...first, seq: null })
      .execute(),
    { code: /^(SQLITE_CONSTRAINT_(PRIMARYKEY|UNIQUE)|23505)$/ },
    'no event can be there twice',
  )
})

t.test('two events that changed places are found', async (t) => {
  const app = await withLog(t)
  const rows = await rowsOf(app)
  const [a, b] = [rows[3], rows[7]] as [AuditEventRow, AuditEventRow]
  await set(app, a.id, { seq: null })
  await set(app, b.id, { seq: a.seq, chain: a.chain })
  await set(app, a.id, { seq: b.seq, chain: b.chain })
  t.match(await verifyLog(app), { fault: { row: b.id, text: /it was moved/ } })
})

t.test('an event of before the log was taken back to a backup has no place in the log of after', async (t) => {
  const app = await withLog(t)
  const before = await rowsOf(app)
  await putBack(app, before.slice(0, 5))
  await app.db.deleteFrom('audit_checkpoints').execute()
  for (let number = 5; number < EVENTS; number += 1)
    await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await sealAll(app, 'last')
  matchLists(t, await verifyLog(app), { ...SOUND, sealed: EVENTS })
  // sealed by the service itself, under the same number
  const ninth = before[8] as AuditEventRow
  const rows = await rowsOf(app)
  await putBack(
    app,
    rows.map((row) => (row.seq === ninth.seq ? ninth : row)),
  )
  t.equal((await verifyLog(app)).fault?.row, ninth.id)
})

t.test('every altered column of a checkpoint is found, and a forged checkpoint is', async (t) => {
  const app = await withLog(t)
  const row = await app.db.selectFrom('audit_checkpoints').selectAll().executeTakeFirstOrThrow()
  const { id, ...checkpoint } = row
  for (const [column, value] of Object.entries(checkpoint)) {
    await app.db
      .updateTable('audit_checkpoints')
      .set({ [column]: altered(value) })
      .execute()
    t.match(await verifyLog(app), { fault: { row: `audit_checkpoints ${id}`, text: /altered or forged/ } }, column)
    await app.db.updateTable('audit_checkpoints').set(checkpoint).execute()
  }
  t.match(await verifyLog(app, [{ ...checkpoint, seq: 3 }]), { fault: { row: 'line 1 of the checkpoints given' } })
})

t.test('who removes the end with its checkpoint is found out by one that was kept elsewhere', async (t) => {
  const path = join(emptyFolder(t), 'checkpoints')
  const app = await withLog(t, { AUDIT_CHECKPOINTS: path }, true)
  await app.db.deleteFrom('audit_checkpoints').execute()
  t.notOk(existsSync(path), 'the events were sealed by the test')
  await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await eventually(async () => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'))
  const shipped = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Checkpoint)
  t.match(app.logged(), /checkpoint of the audit log/)
  t.notOk((await verifyLog(app, shipped)).fault)

  await app.db.deleteFrom('audit_checkpoints').execute()
  await app.db.deleteFrom('audit_events').where('seq', '>', 5).execute()
  t.notOk((await verifyLog(app)).fault, 'by itself the shorter log is sound')
  t.match(await verifyLog(app, shipped), { fault: { text: `events 6 to ${EVENTS + 1} are missing at the end` } })
  await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await eventually(async () => /the audit log has lost its end/.test(app.logged()))
})

t.test('checkpoints verify when the key that signed them was withdrawn and is gone', async (t) => {
  for (const JWT_ALG of ['ES256', 'EdDSA', 'RS256', 'HS256']) {
    const app = await withLog(t, { JWT_ALG })
    await app.keys.rotate(OPERATOR, app.now())
    await app.keys.revokeOthers(OPERATOR)
    await app.db.deleteFrom('signing_keys').execute()
    t.notOk((await verifyLog(app)).fault, JWT_ALG)
  }
})

t.test('the log of somebody who has not the master key does not verify', async (t) => {
  const app = await withLog(t)
  const other = await startApp(t, { JWT_KEY: 'x'.repeat(40) })
  t.match(await verifyLog({ db: app.db, audit: other.audit, now: app.now }), { fault: { row: /^audit_checkpoints/ } })
})

t.test('old events leave, and what is left still verifies from the signed beginning on', async (t) => {
  const app = await withLog(t, { AUDIT_RETENTION: '30d' })
  app.clock.advance(20 * DAY)
  for (let number = 0; number < 3; number += 1)
    await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await sealAll(app)
  t.match(await verifyLog(app), { sealed: EVENTS + 3, pruned: 0 })
  app.clock.advance(9.5 * DAY)
  await sealAll(app)
  t.match(await verifyLog(app), { sealed: EVENTS + 3, pruned: 0 }, 'the last day is kept too')
  app.clock.advance(1.5 * DAY)
  await sealAll(app)
  t.strictSame(await verifyLog(app), {
    ...SOUND,
    sealed: 3,
    unsealed: 0,
    checkpoints: 2,
    pruned: EVENTS,
    last: EVENTS + 3,
  })

  const [first] = await rowsOf(app)
  await remove(app, first?.id ?? '')
  t.match(
    await verifyLog(app),
    { fault: { text: `event ${EVENTS + 1} before it is missing` } },
    'nothing else may leave',
  )
  await app.db
    .insertInto('audit_events')
    .values(first as AuditEventRow)
    .execute()

  app.clock.advance(20 * DAY)
  await sealAll(app)
  t.strictSame(await verifyLog(app), { ...SOUND, sealed: 0, unsealed: 0, checkpoints: 1, pruned: EVENTS + 3, last: 0 })
  await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await sealAll(app)
  t.match(await verifyLog(app), { sealed: 1, pruned: EVENTS + 3, last: EVENTS + 4 }, 'the numbers go on')
})

t.test('nothing is written while nothing happens', async (t) => {
  const app = await withLog(t)
  const before = await app.db.selectFrom('audit_checkpoints').selectAll().execute()
  app.clock.advance(DAY)
  await sealAll(app)
  t.strictSame(await app.db.selectFrom('audit_checkpoints').selectAll().execute(), before)
})

t.test('events are sealed by themselves, and the rest when the service stops', async (t) => {
  const app = await startApp(t)
  await registerSomebody(app)
  await eventually(async () => (await verifyLog(app)).unsealed === 0)
  t.match(await verifyLog(app), { sealed: 3, fault: undefined })
  const other = await startApp(t, app.environment, app.clock)
  await registerSomebody(other)
  t.equal((await verifyLog(app)).unsealed, 2)
  await other.close()
  t.match(await verifyLog(app), { sealed: 5, unsealed: 0, fault: undefined })
})

/** Somebody whose sealed events are there, and the headers that they ask with. */
async function withSomebody(t: Test) {
  const app = await startApp(t)
  const { authorization } = await registerSomebody(app)
  await sealAll(app)
  const { uid } = await app.db.selectFrom('users').select('uid').orderBy('id', 'desc').executeTakeFirstOrThrow()
  const leave = () => app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers: authorization })
  return { app, uid, leave }
}

t.test(
  'a deletion explains what was erased, also where another node’s clock was ahead, and nothing later',
  async (t) => {
    const { app, uid, leave } = await withSomebody(t)
    const record = (ahead: number) => {
      const actor = { uid, origin: { ip: '203.0.113.7', user_agent: undefined } }
      return recordEvent(app.db, { audit: app.audit, now: () => app.now() + ahead }, { action: 'session.end', actor })
    }
    await record(2000)
    await leave()
    await sealAll(app)
    t.notOk((await verifyLog(app)).fault)
    await record(DAY)
    await sealAll(app)
    const last = (await rowsOf(app)).at(-1)
    await set(app, last?.id ?? '', { ip: null, salt: null })
    t.match((await verifyLog(app)).fault, { row: last?.id, text: /no deletion of an account explains it/ })
  },
)

t.test('the deletion of one account explains nothing about another one', async (t) => {
  const { app, leave } = await withSomebody(t)
  const actor = { uid: randomUUID(), origin: { ip: '203.0.113.7', user_agent: undefined } }
  await recordEvent(app.db, app, { action: 'session.end', actor })
  await sealAll(app)
  const last = (await rowsOf(app)).at(-1)
  await set(app, last?.id ?? '', { ip: null, salt: null })
  await leave()
  await sealAll(app)
  t.match((await verifyLog(app)).fault, { row: last?.id, text: /no deletion of an account explains it/ })
})

t.test('an event that is sealed while the log is verified is seen', async (t) => {
  const { app, leave } = await withSomebody(t)
  await leave()
  let isSealed = false
  const db = app.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (!isSealed && result.rows.some((row) => typeof row['chain'] === 'string')) {
        isSealed = true
        await sealAll(app)
      }
      return result
    },
  })
  t.notOk((await verifyLog({ db, audit: app.audit, now: app.now })).fault, 'the deletion explains what was erased')
  t.ok(isSealed)
})

t.test('a clock that was ahead and is set back makes nothing late', async (t) => {
  const app = await withLog(t)
  const record = () => recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  app.clock.jump(DAY)
  await record()
  await sealAll(app)
  app.clock.jump(-DAY)
  await record()
  const waiting = await verifyLog(app)
  t.strictSame([waiting.fault, waiting.unsealed], [undefined, 1], 'before it is sealed')
  await sealAll(app)
  const { fault, findings, sealed } = await verifyLog(app)
  t.strictSame([fault, findings, sealed], [undefined, [], EVENTS + 2])
})
