/**
 * Transactions that add a row each, for `SECONDS`, `WRITERS` at a time, in a service without a door: with an event of the
 * audit log each where `EVENTS` says so, which its sealer seals meanwhile. Prints how many it did per second.
 */
import { randomUUID } from 'node:crypto'
import { buildApp } from '../../src/app.ts'
import { recordEvent } from '../../src/audit/record.ts'
import { loadConfig } from '../../src/config.ts'
import { inTransaction } from '../../src/db/transaction.ts'

const { DATABASE_URL, SECONDS, WRITERS, EVENTS } = process.env
const app = await buildApp(loadConfig({ DATABASE_URL, JWT_KEY: 'x'.repeat(40), LOG_LEVEL: 'silent' }))
const origin = { ip: '203.0.113.7', user_agent: 'Mozilla/5.0 (X11; Linux x86_64)', request_id: 'request-0001' }

async function write(): Promise<void> {
  const uid = randomUUID()
  await inTransaction(app.db, async (tx) => {
    const row = { key: uid, value: uid, expires_at: app.now() + 60_000 }
    await tx.insertInto('ephemeral').values(row).execute()
    const event = { action: 'session.start' as const, actor: { uid, session_id: uid, origin }, subject: uid }
    if (EVENTS === 'on') await recordEvent(tx, app, event)
  })
}

const start = performance.now()
const end = start + Number(SECONDS) * 1000
let done = 0

async function writeUntilTheEnd(): Promise<void> {
  while (performance.now() < end) {
    await write()
    done += 1
  }
}

await Promise.all(Array.from({ length: Number(WRITERS) }, writeUntilTheEnd))
const rate = (1000 * done) / (performance.now() - start)
await app.close()
process.stdout.write(String(rate))
