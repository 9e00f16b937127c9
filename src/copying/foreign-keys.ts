/** While rows come in, references are not checked: changes are deletions and insertions, which would take other rows along. */
import { sql } from 'kysely'
import { isPostgres } from '../db/dialect.ts'
import { migrateUp } from '../db/migrate.ts'
import type { Db } from '../db/open.ts'
import type { Tables } from '../db/schema.ts'
import { openScratch } from '../db/scratch.ts'
import { TABLES } from './tables.ts'

export interface ForeignKey {
  table: string
  name: string
  definition: string
}

/**
 * Drops the references between the tables, where they cannot merely be left unchecked.
 * @returns what was dropped
 */
export async function dropForeignKeys(tx: Db): Promise<ForeignKey[]> {
  if (!isPostgres(tx)) return []
  const { rows } = await sql<ForeignKey>`
    select relname as table, conname as name, pg_get_constraintdef(pg_constraint.oid) as definition
    from pg_constraint join pg_class on pg_class.oid = conrelid
    where contype = 'f' and relnamespace = current_schema()::regnamespace
      and relname in (${sql.join(TABLES)})`.execute(tx)
  for (const { table, name } of rows) await tx.schema.alterTable(table).dropConstraint(name).execute()
  return rows
}

/** What was dropped now and before, each once: one that is there again counts as it is now. */
export function joinForeignKeys(now: readonly ForeignKey[], before: readonly ForeignKey[]): ForeignKey[] {
  const isNow = ({ table, name }: ForeignKey) => now.some((key) => key.table === table && key.name === name)
  return [...now, ...before.filter((key) => !isNow(key))]
}

/**
 * Looks whether a database will have all its references when these are given back; nothing to see on SQLite.
 * @throws when a table gets fewer than the migrations make
 */
export async function refuseFewer(db: Db, keys: readonly ForeignKey[]): Promise<void> {
  if (!isPostgres(db)) return
  for (const { table, count } of await countMigrated()) {
    const found = keys.filter((key) => key.table === table).length
    if (found < count)
      throw new Error(
        `${table} in the target would have ${found} foreign keys instead of ${count}: db drop there, and copy it again`,
      )
  }
}

/** How many references each table has that has any, where nothing but the migrations ran. */
async function countMigrated(): Promise<{ table: string; count: number }[]> {
  const scratch = openScratch<Tables>()
  try {
    await migrateUp(scratch)
    const { rows } = await sql<{ table: string; count: number }>`
      select tables.name as "table", count(*) as count
      from sqlite_schema as tables, pragma_foreign_key_list(tables.name)
      where tables.type = 'table' group by tables.name`.execute(scratch)
    return rows
  } finally {
    await scratch.destroy()
  }
}

/** On SQLite: leaves the references unchecked for as long as this connection lives. */
export async function ignoreForeignKeys(db: Db): Promise<void> {
  if (!isPostgres(db)) await sql`pragma foreign_keys = off`.execute(db)
}

/** Gives the references back; what is there already is not looked at, so that this takes no time. */
export async function restoreForeignKeys(tx: Db, keys: readonly ForeignKey[]): Promise<void> {
  for (const { table, name, definition } of keys)
    await sql`alter table ${sql.table(table)} add constraint ${sql.id(name)} ${sql.raw(definition)} not valid`.execute(
      tx,
    )
}

/**
 * Looks at what was there before the references were given back; others may write meanwhile.
 * @throws when a row leads nowhere
 */
export async function validateForeignKeys(db: Db, keys: readonly ForeignKey[]): Promise<void> {
  for (const { table, name } of keys)
    await sql`alter table ${sql.table(table)} validate constraint ${sql.id(name)}`.execute(db)
}

/**
 * On SQLite, where they are never given back, looks at the references now.
 * @throws when a row leads nowhere
 */
export async function checkForeignKeys(db: Db): Promise<void> {
  if (isPostgres(db)) return
  const { rows } = await sql<{ table: string }>`pragma foreign_key_check`.execute(db)
  if (rows[0]) throw new Error(`rows of ${rows[0].table} lead nowhere`)
}
