/** Somebody who can write to the database, and has not `JWT_KEY`, takes events out of the log and lets the service mend it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import { recordEvent } from '../../src/audit/record.ts'
import { type Verdict, verifyLog } from '../../src/audit/verify.ts'
import type { Db } from '../../src/db/open.ts'
import type { AuditEventRow } from '../../src/db/schema.ts'
import { login, registerSomebody, startApp, type TestApp } from '../support/app.ts'
import { sealAll } from '../support/audit.ts'
import { emptyFolder } from '../support/child.ts'
import { eventually } from '../support/wait.ts'

const DAY = 86_400_000
const EVENTS = 9
const CUT = 5

const rowsOf = (db: Db) => db.selectFrom('audit_events').selectAll().orderBy('seq').execute()

/** What `audit verify` has to say, in one line. */
function wordsOf({ fault, findings = [] }: Pick<Verdict, 'fault'> & Partial<Pick<Verdict, 'findings'>>): string {
  return [...findings, ...(fault ? [fault] : [])].map(({ row, text }) => `${row} ${text}`).join('\n')
}

/** Some events with places, which the service gave them by itself. */
async function fillLog(app: TestApp): Promise<AuditEventRow[]> {
  for (let number = 0; number < EVENTS; number += 1)
    await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR, details: { number } })
  await untilSealed(app)
  return rowsOf(app.db)
}

const untilSealed = (app: TestApp) => eventually(async () => (await verifyLog(app)).unsealed === 0)

/** Deletes one event, takes their places from those after it, and removes the checkpoints that would tell. */
async function cut(db: Db, at = CUT): Promise<void> {
  await db.deleteFrom('audit_events').where('seq', '=', at).execute()
  await db.updateTable('audit_events').set({ seq: null, chain: null }).where('seq', '>', at).execute()
  await db.deleteFrom('audit_checkpoints').where('seq', '>=', at).execute()
}

t.test('a cut in the log of a running service is named, and stays named while it runs on', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const before = await fillLog(app)
  await cut(app.db)
  app.clock.advance(1000)
  await login(app, person.username, person.password)
  await eventually(async () => /the audit log has lost its end/.test(app.logged()))
  for (let minute = 0; minute < 3; minute += 1) {
    app.clock.advance(30_000)
    await login(app, person.username, person.password)
    await untilSealed(app)
  }
  const verdict = await verifyLog(app)
  const after = await rowsOf(app.db)
  const gaps = after.filter(({ action }) => action === 'audit.gap')
  t.equal(gaps.length, 1)
  const [gap] = gaps
  const words = wordsOf(verdict)
  t.match(words, `${gap?.id} tells of a gap: events ${CUT} to ${before.length} had been sealed`)
  for (const { id } of before.slice(CUT)) t.match(words, `${id} got its number long after it was written`)
  t.equal(verdict.findings.length, 1 + before.length - CUT, 'nothing else is found')
  t.notOk(verdict.fault, 'what came after is verified all the same')
  t.equal(after.at(-1)?.seq, verdict.last)
  t.equal(verdict.sealed, after.length, 'sealing never stopped')
})

t.test('a cut is named although whoever made it has written that it is known', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const before = await fillLog(app)
  const [row] = before as [AuditEventRow]
  await cut(app.db)
  const forged = { id: '01900000-0000-7000-8000-000000000000', action: 'audit.gap', seq: before.length + 1, chain: 'x' }
  const details = JSON.stringify({ first: 1, last: before.length, head: 'x' })
  await app.db
    .insertInto('audit_events')
    .values({ ...row, ...forged, details })
    .execute()
  app.clock.advance(1000)
  await login(app, person.username, person.password)
  await eventually(async () => /the audit log has lost its end/.test(app.logged()))
})

t.test('a second node notices what the first one mended in good faith, and tells it once', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  await fillLog(app)
  const other = await startApp(t, app.environment, app.clock)
  await login(other, person.username, person.password)
  await untilSealed(other)
  await cut(app.db)
  for (let times = 0; times < 2; times += 1) {
    for (const node of [app, other]) {
      await login(node, person.username, person.password)
      await eventually(async () => node.logged().includes('lost its end') || times > 0 || node === other)
      await untilSealed(node)
    }
  }
  const gaps = (await rowsOf(app.db)).filter(({ action }) => action === 'audit.gap')
  t.equal(gaps.length, 1)
  t.match(wordsOf(await verifyLog(app)), 'tells of a gap')
})

/** A service that was stopped, and cut while it was. */
async function cutWhileStopped(t: Test, environment: Record<string, string>) {
  const app = await startApp(t, environment)
  const person = await registerSomebody(app)
  await fillLog(app)
  const stopped = await startApp(t, app.environment, app.clock)
  await app.close()
  await stopped.close()
  const again = await startApp(t, app.environment, app.clock)
  again.audit.onStir(() => {})
  await cut(again.db)
  await again.close()
  const last = await startApp(t, app.environment, app.clock)
  await login(last, person.username, person.password)
  await untilSealed(last)
  return verifyLog(last)
}

t.test('a cut while no node ran is named where a checkpoint was shipped', async (t) => {
  const AUDIT_CHECKPOINTS = join(emptyFolder(t), 'checkpoints')
  t.match(wordsOf(await cutWhileStopped(t, { AUDIT_CHECKPOINTS })), /tells of a gap: events 5 to \d+ had been sealed/)
})

t.test('a line that somebody wrote into the file of checkpoints takes no number from the service', async (t) => {
  const AUDIT_CHECKPOINTS = join(emptyFolder(t), 'checkpoints')
  const forged = { seq: 1000, head: 'x', at: 1, pruned_seq: 0, pruned_head: '', kid: 'x', key: null, signature: 'x' }
  writeFileSync(AUDIT_CHECKPOINTS, `${JSON.stringify({ ...forged, mac: 'x' })}\n`)
  const app = await startApp(t, { AUDIT_CHECKPOINTS })
  const rows = await fillLog(app)
  t.equal(rows.at(-1)?.seq, rows.length)
  t.equal(wordsOf(await verifyLog(app)), '')
})

t.test('an event that had left for its age and is put back is named, before and after it gets a number', async (t) => {
  const app = await startApp(t, { AUDIT_RETENTION: '30d' })
  app.audit.onStir(() => {})
  await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await sealAll(app, 'last')
  const [old] = await rowsOf(app.db)
  app.clock.advance(31 * DAY)
  await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await sealAll(app, 'last')
  t.equal(wordsOf(await verifyLog(app)), '')
  const again = { ...(old as AuditEventRow), seq: null, chain: null }
  await app.db.insertInto('audit_events').values(again).execute()
  t.match(wordsOf(await verifyLog(app)), `${old?.id} waits for a number although it is older`)
  await sealAll(app)
  t.match(wordsOf(await verifyLog(app)), `${old?.id} got its number long after it was written`)
})

t.test('an invented event gets its number and is named, and those after it are verified', async (t) => {
  const app = await startApp(t)
  app.audit.onStir(() => {})
  await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await sealAll(app)
  const [row] = (await rowsOf(app.db)) as [AuditEventRow]
  const id = '01900000-0000-7000-8000-000000000000'
  await app.db
    .insertInto('audit_events')
    .values({ ...row, id, subject: 'nobody', seq: null, chain: null })
    .execute()
  await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await sealAll(app)
  const verdict = await verifyLog(app)
  t.match(wordsOf(verdict), `${id} was altered or inserted by somebody else`)
  t.equal(verdict.sealed, (await rowsOf(app.db)).length)
})

t.test('what an operator has acknowledged is only counted, and nobody else acknowledges anything', async (t) => {
  const app = await startApp(t)
  app.audit.onStir(() => {})
  await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await sealAll(app)
  const [row] = (await rowsOf(app.db)) as [AuditEventRow]
  const invent = async (number: number, more: Partial<AuditEventRow> = {}) => {
    const id = `01900000-0000-7000-8000-00000000000${number}`
    await app.db
      .insertInto('audit_events')
      .values({ ...row, id, seq: null, chain: null, ...more })
      .execute()
    await sealAll(app)
    const { findings, acknowledged } = await verifyLog(app)
    return [findings.length, acknowledged]
  }
  t.strictSame(await invent(1), [1, 0])
  t.strictSame(await invent(2, { action: 'audit.acknowledge', details: '{"up_to":1000}' }), [2, 0])
  const details = { up_to: (await verifyLog(app)).last }
  await recordEvent(app.db, app, { action: 'audit.acknowledge', actor: OPERATOR, details })
  t.strictSame(await invent(3), [1, 2])
})

t.test('a number beyond all others does not stop the sealing', async (t) => {
  const app = await startApp(t)
  app.audit.onStir(() => {})
  for (let number = 0; number < 3; number += 1)
    await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await sealAll(app, 'last')
  const [row] = (await rowsOf(app.db)) as [AuditEventRow]
  const highest = Number.MAX_SAFE_INTEGER
  await app.db.updateTable('audit_events').set({ seq: highest }).where('id', '=', row.id).execute()
  await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await sealAll(app)
  t.equal((await verifyLog(app)).unsealed, 0)
  t.ok((await rowsOf(app.db)).every(({ seq }) => (seq ?? 0) < highest))
  t.match(wordsOf(await verifyLog(app)), 'event 1 before it is missing')
})

t.test('the service signs nothing that a forged checkpoint says', async (t) => {
  const app = await startApp(t)
  app.audit.onStir(() => {})
  const before = await fillSealed(app)
  const victim = before[CUT] as AuditEventRow
  const { id: _, ...genuine } = await app.db.selectFrom('audit_checkpoints').selectAll().executeTakeFirstOrThrow()
  const forged = { ...genuine, at: genuine.at + 1, pruned_seq: victim.seq ?? 0, pruned_head: victim.chain ?? '' }
  await app.db.insertInto('audit_checkpoints').values(forged).execute()
  await app.db
    .deleteFrom('audit_events')
    .where('seq', '<=', victim.seq ?? 0)
    .execute()
  await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  app.clock.advance(700_000)
  await sealAll(app, 'last')
  // what is left of the forgery would be named; so the attacker takes it away
  await app.db.deleteFrom('audit_checkpoints').where('mac', '=', forged.mac).execute()
  t.match(wordsOf(await verifyLog(app)), 'event 1 before it is missing')
})

async function fillSealed(app: TestApp): Promise<AuditEventRow[]> {
  for (let number = 0; number < EVENTS; number += 1)
    await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
  await sealAll(app, 'last')
  return rowsOf(app.db)
}
