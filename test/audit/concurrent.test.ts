/** Processes that write and seal at the same time. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { verifyLog } from '../../src/audit/verify.ts'
import { isLeftOut, JWT_KEY, startApp, testEnvironment } from '../support/app.ts'
import { sealAll } from '../support/audit.ts'
import { emptyFolder, PROJECT, startChild } from '../support/child.ts'
import { newPostgresDatabase } from '../support/postgres.ts'

const EVENTS = 100

async function writeTogether(t: Test, processes: number, database: string) {
  const environment = testEnvironment(t, { DATABASE_URL: database })
  const app = await startApp(t, environment)
  const args = [join(PROJECT, 'test/audit/writer.ts')]
  const env = { ...environment, JWT_KEY, COUNT: String(EVENTS), LOG_LEVEL: 'error' }
  const children = Array.from({ length: processes }, () => startChild(t, { args, cwd: emptyFolder(t), env }))
  for (const { ended } of children) t.match(await ended, { code: 0, stdout: '', stderr: '' })
  await sealAll(app)
  const { fault, sealed, unsealed, last } = await verifyLog(app)
  const events = await app.db.selectFrom('audit_events').select('id').where('action', '=', 'session.end').execute()
  t.strictSame({ fault, unsealed, last }, { fault: undefined, unsealed: 0, last: sealed })
  t.equal(events.length, processes * EVENTS)
}

t.test('processes write at once: every event is sealed once, and the log verifies', async (t) => {
  await t.test('SQLite', (t) => writeTogether(t, 3, `sqlite:${join(emptyFolder(t), 'test.db')}`))
  if (!isLeftOut('postgres')) await t.test('PostgreSQL', (t) => writeTogether(t, 8, newPostgresDatabase(t)))
})
