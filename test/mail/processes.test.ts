import type { Test } from 'tap'
import t from 'tap'
import { createTrail } from '../../src/audit/trail.ts'
import { loadConfig } from '../../src/config.ts'
import { prepareSchema } from '../../src/db/migrate.ts'
import { type OpenDatabase, openDatabase } from '../../src/db/open.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { CONNECTIONS } from '../../src/mail/carrier.ts'
import { enqueueMail } from '../../src/mail/enqueue.ts'
import { createSealer } from '../../src/mail/mailer.ts'
import { deriveKeys } from '../../src/tokens/master-key.ts'
import { type Environment, JWT_KEY, somebody, testEnvironment } from '../support/app.ts'
import { messageOf, verification } from '../support/mail.ts'
import { call, startService } from '../support/service.ts'
import { startSmtp } from '../support/smtp.ts'
import { eventually } from '../support/wait.ts'

const LIMIT = 120_000

/** A process that writes messages and sends none. */
async function writerOn(t: Test, environment: Environment) {
  const config = loadConfig(environment)
  const { db }: OpenDatabase = openDatabase(config.database_url)
  t.teardown(() => db.destroy())
  await prepareSchema(db, 'auto')
  const keys = deriveKeys(JWT_KEY)
  const mailer = { ...createSealer(keys.mail), withheld() {}, wake() {} }
  const audit = createTrail(() => ({ keys: keys.audit, seal: mailer.seal, unseal: mailer.unseal }))
  return { audit, config, db, mailer, now: Date.now }
}

const waiting = async ({ db }: Awaited<ReturnType<typeof writerOn>>) =>
  (await db.selectFrom('outbox').select('id').execute()).length

t.test('of two processes on one outbox, each message is sent by one', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'hold'
  const environment = testEnvironment(t, smtp.environment)
  const writer = await writerOn(t, environment)
  await Promise.all([startService(t, environment), startService(t, environment)])
  const tokens = Array.from({ length: 200 }, (_, index) => `token-${index}`)
  await inTransaction(writer.db, async (tx) => {
    for (const token of tokens) await enqueueMail(tx, writer, messageOf(verification(writer, token)))
  })
  await eventually(() => smtp.attempts === 2 * CONNECTIONS, LIMIT)
  t.pass('both are at it, as far as they go at once')
  smtp.release()
  await eventually(async () => (await waiting(writer)) === 0, LIMIT)
  t.strictSame(smtp.mails.map(({ token }) => token).sort(), tokens.sort())
})

t.test('a process that is killed between commit and delivery delivers after its restart, once', async (t) => {
  const smtp = await startSmtp(t)
  smtp.mode = 'stall'
  const environment = testEnvironment(t, smtp.environment)
  const writer = await writerOn(t, environment)
  const { api, end } = await startService(t, environment)
  const person = somebody()
  const registered = await call<{ access_token: string }>(`${api}/auth/register`, person)
  t.equal(registered.status, 201, 'which waits for no server')
  await eventually(() => smtp.attempts === 1, LIMIT)
  await end('SIGKILL')
  t.equal(await waiting(writer), 1)
  smtp.release()
  t.strictSame(smtp.mails, [], 'it had not been handed over')
  // what the process had taken is its own until the lease ends
  await writer.db.updateTable('outbox').set({ due_at: Date.now() }).execute()
  const { api: restarted } = await startService(t, environment)
  await eventually(async () => (await waiting(writer)) === 0, LIMIT)
  t.strictSame(
    smtp.mails.map(({ recipient }) => recipient),
    [person.email],
  )
  const token = smtp.mails[0]?.token
  const by = { authorization: `Bearer ${registered.body.access_token}` }
  t.equal((await call(`${restarted}/auth/email/verify`, { token }, by)).status, 204, 'and what it brings is good')
})
