/** While rows come in, references are not checked: changes are deletions and insertions, which would take other rows along. */
import { sql } from 'kysely'
import { isPostgres } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
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
