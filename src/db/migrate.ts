import { sql } from 'kysely'
import { type MigrationProvider, type MigrationResultSet, Migrator, NO_MIGRATIONS } from 'kysely/migration'
import { hasTable, isPostgres, takeTurn } from './dialect.ts'
import { refuseCopied } from './mark.ts'
import * as core from './migrations/0001-core.ts'
import * as weakFormats from './migrations/0002-weak-formats.ts'
import * as audit from './migrations/0003-audit.ts'
import * as mail from './migrations/0004-mail.ts'
import * as proofs from './migrations/0005-proofs.ts'
import * as devices from './migrations/0006-devices.ts'
import * as stepUp from './migrations/0007-step-up.ts'
import * as upgrades from './migrations/0008-upgrades.ts'
import * as requests from './migrations/0010-requests.ts'
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
  '0010-requests': requests,
}

/** The names of the migrations that this version knows, in order. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS)

const provider: MigrationProvider = { getMigrations: async () => MIGRATIONS }

/** A migration by name, and when it ran (undefined: not yet). */
export interface MigrationState {
  name: string
  executed_at: Date | undefined
}

/** The tables in which it is kept what has run. */
export const BOOKKEEPING = ['kysely_migration', 'kysely_migration_lock'] as const

const migratorOf = (db: Db) => new Migrator({ db, provider })

/** Runs what has not run yet. Two processes that start at once take turns; the second finds nothing left to do. */
export async function migrateUp(db: Db): Promise<string[]> {
  if (await isUpToDate(db)) return []
  return migrating(db, (migrator) => migrator.migrateToLatest())
}

/** What most starts find. The migrator would examine the whole schema first, at a tenth of the time that a start takes. */
async function isUpToDate(db: Db): Promise<boolean> {
  if (!(await hasTable(db, BOOKKEEPING[0]))) return false
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(BOOKKEEPING[0])} order by name`.execute(db)
  return rows.map(({ name }) => name).join() === MIGRATION_NAMES.join()
}

/** Takes the newest migration back, or with `all` every one. The data in its tables is lost. */
export async function migrateDown(db: Db, all = false): Promise<string[]> {
  return migrating(db, (migrator) => (all ? migrator.migrateTo(NO_MIGRATIONS) : migrator.migrateDown()))
}

/** Every migration with the time it ran. */
export async function migrationStates(db: Db): Promise<MigrationState[]> {
  const migrations = await migratorOf(db).getMigrations()
  return migrations.map(({ name, executedAt }) => ({ name, executed_at: executedAt }))
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
async function migrating(db: Db, work: (migrator: Migrator) => Promise<MigrationResultSet>): Promise<string[]> {
  if (!isPostgres(db)) return outcome(await work(migratorOf(db)))
  return db.transaction().execute(async (tx) => {
    for (const limit of ['lock_timeout', 'statement_timeout']) await sql`set local ${sql.raw(limit)} = 0`.execute(tx)
    await takeTurn(tx, 'migrations')
    return outcome(await work(migratorOf(tx)))
  })
}

function outcome({ error, results = [] }: MigrationResultSet): string[] {
  if (error) throw error
  return results.filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName)
}
