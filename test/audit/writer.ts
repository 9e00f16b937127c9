/** Run as a program: writes `COUNT` events into `DATABASE_URL`, some at a time, while the service's own sealer seals them. */
import { buildApp } from '../../src/app.ts'
import { SYSTEM } from '../../src/audit/actor.ts'
import { recordEvent } from '../../src/audit/record.ts'
import { loadConfig } from '../../src/config.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { sealAll } from '../support/audit.ts'

const AT_ONCE = 5

const count = Number(process.env['COUNT'])
const app = await buildApp(loadConfig(process.env))
for (let done = 0; done < count; done += AT_ONCE) {
  const event = { action: 'session.end' as const, actor: SYSTEM, details: { process: process.pid } }
  await Promise.all(Array.from({ length: AT_ONCE }, () => inTransaction(app.db, (tx) => recordEvent(tx, app, event))))
  if (done % 50 === 0) await sealAll(app)
}
await app.close()
