import { sql } from 'kysely'
import { type MigrationProvider, type MigrationResultSet, Migrator, NO_MIGRATIONS } from 'kysely/migration'
import { VERSION } from '../operation/version.ts'
import { hasTable, isPostgres, takeTurn } from './dialect.ts'
import { noteFinished } from './finished.ts'
import { refuseCopied } from './mark.ts'
import * as core from './migrations/0001-core.ts'
import * as weakFormats from './migrations/0002-weak-formats.ts'
import * as audit from './migrations/0003-audit.ts'
import * as mail from './migrations/0004-mail.ts'
import * as proofs from './migrations/0005-proofs.ts'
import * as devices from './migrations/0006-devices.ts'
import * as stepUp from './migrations/0007-step-up.ts'
import * as upgrades from './migrations/0008-upgrades.ts'
import * as owner from './migrations/0009-owner.ts'
import * as requests from './migrations/0010-requests.ts'
import * as mailLedger from './migrations/0011-mail-ledger.ts'
import * as auditMarks from './migrations/0012-audit.ts'
import * as outages from './migrations/0013-outages.ts'
import * as sessions from './migrations/0014-sessions.ts'
import * as lookAlikes from './migrations/0015-look-alikes.ts'
import * as ownersRequests from './migrations/0016-owners-requests.ts'
import type { Db } from './open.ts'

/** The migrations, in order. The name is what the database remembers: never rename one that was released. */
const MIGRATIONS = {
  '0001-core': core,
  '0002-weak-formats': weakFormats,
  '0003-audit': audit,
  '0004-mail': mail,
  '0005-proofs': proofs,
  '0006-devices': devices,
  '0007-step-up': stepUp,
  '0008-upgrades': upgrades,
  '0009-owner': owner,
  '0010-requests': requests,
  '0011-mail-ledger': mailLedger,
  '0012-audit': auditMarks,
  '0013-outages': outages,
  '0014-sessions': sessions,
  '0015-look-alikes': lookAlikes,
  '0016-owners-requests': ownersRequests,
}

/** The names of the migrations that this version knows, in order. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS)

const provider: MigrationProvider = { getMigrations: async () => MIGRATIONS }

/** A migration by name, and when it ran (undefined: not yet). */
export interface MigrationState {
  name: string
  executed_at: Date | undefined
  /** whether this version has it; otherwise a newer one has run it */
  is_known: boolean
}

/** The tables in which it is kept what has run. */
export const BOOKKEEPING = ['kysely_migration', 'kysely_migration_lock'] as const

/** Numbers are given out before the work is done, so that a later one may have run before an earlier one. */
const migratorOf = (db: Db) => new Migrator({ db, provider, allowUnorderedMigrations: true })

/**
 * Runs what has not run yet. Two processes that start at once take turns; the second finds nothing left to do. What a newer
 * version has run beside is left alone: migrations only add, so that its schema serves this one too.
 * @throws when a migration fails, or the database is of a line of versions that this one is not of
 */
export async function migrateUp(db: Db): Promise<string[]> {
  if (await isUpToDate(db)) return []
  try {
    return await migrating(db, runPending)
  } catch (error) {
    // a newer version, which has more, may have been first
    if (await isUpToDate(db)) return []
    throw error
  }
}

async function runPending(db: Db): Promise<string[]> {
  const unknown = await unknownMigrations(db)
  if (unknown.length > 0)
    throw new Error(`this version does not know the migrations ${unknown.join(', ')}, and lacks some that precede them`)
  const done = outcome(await migratorOf(db).migrateToLatest())
  // nobody has ever run an older version on a database that has just been made
  if (done[0] === MIGRATION_NAMES[0] && done.length === MIGRATION_NAMES.length)
    await noteFinished(db, VERSION, Date.now())
  return done
}

/** What most starts find. The migrator would examine the whole schema first, at a tenth of the time that a start takes. */
async function isUpToDate(db: Db): Promise<boolean> {
  const executed = new Set((await executedMigrations(db)).map(({ name }) => name))
  return MIGRATION_NAMES.every((name) => executed.has(name))
}

async function executedMigrations(db: Db): Promise<{ name: string; timestamp: string }[]> {
  if (!(await hasTable(db, BOOKKEEPING[0]))) return []
  const { rows } = await sql<{
    name: string
    timestamp: string
  }>`select name, timestamp from ${sql.table(BOOKKEEPING[0])} order by name`.execute(db)
  return rows
}

/** What newer versions have run. */
async function unknownMigrations(db: Db): Promise<string[]> {
  return (await executedMigrations(db)).map(({ name }) => name).filter((name) => !MIGRATION_NAMES.includes(name))
}

/**
 * Takes the newest migration back, or with `all` every one. The data in its tables is lost.
 * @throws when a newer version has run migrations, which it alone can take back
 */
export async function migrateDown(db: Db, all = false): Promise<string[]> {
  await refuseNewer(db)
  return migrating(db, async (tx) => {
    const migrator = migratorOf(tx)
    return outcome(await (all ? migrator.migrateTo(NO_MIGRATIONS) : migrator.migrateDown()))
  })
}

/** Every migration with the time it ran, also those of newer versions. */
export async function migrationStates(db: Db): Promise<MigrationState[]> {
  const executed = new Map((await executedMigrations(db)).map(({ name, timestamp }) => [name, new Date(timestamp)]))
  const unknown = [...executed.keys()].filter((name) => !MIGRATION_NAMES.includes(name))
  return [...MIGRATION_NAMES, ...unknown].map((name) => ({
    name,
    executed_at: executed.get(name),
    is_known: MIGRATION_NAMES.includes(name),
  }))
}

/** @throws when a newer version has changed the schema: its tables would be left out, or left behind */
export async function refuseNewer(db: Db): Promise<void> {
  const unknown = await unknownMigrations(db)
  if (unknown.length > 0)
    throw new Error(`the database is of a newer version of Latchkey, which has run ${unknown.join(', ')}: use that one`)
}

/**
 * Brings the schema up to date, or only checks that it is.
 * @throws when `mode` is `check` and something is pending, or a migration fails, or the database is not to be used
 */
export async function prepareSchema(db: Db, mode: 'auto' | 'check'): Promise<void> {
  await refuseCopied(db)
  if (mode === 'auto') await migrateUp(db)
  else await refusePending(db)
}

/** @throws when a migration is pending */
export async function refusePending(db: Db): Promise<void> {
  const pending = (await migrationStates(db)).filter(({ executed_at }) => executed_at === undefined)
  if (pending.length > 0) {
    const names = pending.map(({ name }) => name).join(', ')
    throw new Error(`the database lacks the migrations ${names}; run "npm run migrate", or set MIGRATE=auto`)
  }
}

/**
 * One process at a time, all or nothing. On PostgreSQL all of it is one transaction, so that the turn and the work have
 * the same connection, also behind pgbouncer.
 */
async function migrating(db: Db, work: (db: Db) => Promise<string[]>): Promise<string[]> {
  if (!isPostgres(db)) return work(db)
  if (db.isTransaction) return inTurn(db, work)
  return db.transaction().execute(async (tx) => {
    for (const limit of ['lock_timeout', 'statement_timeout']) await sql`set local ${sql.raw(limit)} = 0`.execute(tx)
    return inTurn(tx, work)
  })
}

async function inTurn(tx: Db, work: (db: Db) => Promise<string[]>): Promise<string[]> {
  await takeTurn(tx, 'migrations')
  return work(tx)
}

function outcome({ error, results = [] }: MigrationResultSet): string[] {
  if (error) throw error
  return results.filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName)
}
