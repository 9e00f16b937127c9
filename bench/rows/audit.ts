import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { openDatabase } from '../../src/db/open.ts'
import { alternate, type Comparison, type Effort, type Row } from '../measure.ts'
import { runAlone } from '../servers/alone.ts'
import { postgresVersion, startPostgres } from '../servers/postgres.ts'

/** Transactions at the same time: were events chained as they are written, each would wait for all the others. */
const WRITERS = 10

const writing = (database: string, events: 'on' | 'off', writers: number, { seconds }: Effort) =>
  runAlone('./transactions.ts', {
    DATABASE_URL: database,
    EVENTS: events,
    SECONDS: String(seconds),
    WRITERS: String(writers),
  })

async function compare(database: string, effort: Effort): Promise<Comparison> {
  const { alone, ...sides } = await alternate(effort, {
    ours: () => writing(database, 'on', WRITERS, effort),
    theirs: () => writing(database, 'off', WRITERS, effort),
    alone: () => writing(database, 'on', 1, effort),
  })
  return { ...sides, also: [{ what: 'with an event, one writer alone', unit: 'transactions/s', rounds: alone }] }
}

const about = {
  group: 'requests',
  ours: 'a transaction that adds a row and an event',
  theirs: 'the same without the event',
  unit: 'transactions/s',
  limits:
    'A login makes one event, and hashes a password, which takes a hundred times as long as the event does. Sealing runs beside, in the same process.',
} as const

/** What an event costs the transaction that it tells of, with others beside it. */
export const audit: Row = {
  ...about,
  name: 'audit',
  setting: `SQLite; ${WRITERS} writers in one process`,

  async run(effort) {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
    try {
      return await compare(`sqlite:${folder}/bench.db`, effort)
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

/** The same where transactions run beside one another. */
export const auditPostgres: Row = {
  ...about,
  name: 'audit-postgres',
  setting: `PostgreSQL with its defaults; ${WRITERS} writers in one process`,

  async run(effort) {
    const version = postgresVersion()
    if (version === undefined) return { unmeasured: 'PostgreSQL is not installed' }
    await using server = await startPostgres(version)
    const { db } = openDatabase(server.url('postgres'), { pool: 1 })
    await sql`drop database if exists bench_audit`.execute(db)
    await sql`create database bench_audit`.execute(db)
    await db.destroy()
    return await compare(server.url('bench_audit'), effort)
  },
}
