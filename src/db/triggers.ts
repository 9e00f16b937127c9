/** Triggers on whole tables: one kind notes what changes, the other refuses to let anything change. */
import { type Kysely, sql } from 'kysely'
import { isPostgres } from './dialect.ts'
import { CHANGES } from './mark.ts'
import type { Tables } from './schema.ts'

type AnyDb = Kysely<Tables>

/** A table by name, and the columns by which its rows are told apart. */
export interface Keyed {
  table: string
  key: readonly string[]
}

const EVENTS = ['insert', 'update', 'delete'] as const

/** Names of triggers and functions: one for each table and event on SQLite, one for each table on PostgreSQL. */
const NOTE = 'latchkey_note_change'
const REFUSE = 'latchkey_refuse_write'

/** Notes the key of every row that is inserted, changed or deleted from the next transaction on. */
export async function noteChanges(db: AnyDb, tables: readonly Keyed[]): Promise<void> {
  if (isPostgres(db)) {
    await createNotingFunction(db)
    for (const { table, key } of tables) {
      const columns = sql.join(key.map((column) => sql.lit(column)))
      await sql`create trigger ${sql.id(NOTE)} after insert or update or delete on ${sql.table(table)}
        for each row execute function ${sql.id(NOTE)}(${columns})`.execute(db)
    }
    return
  }
  for (const { table, key } of tables) {
    for (const event of EVENTS) {
      const row = event === 'delete' ? 'old' : 'new'
      const columns = sql.join(key.map((column) => sql.ref(`${row}.${column}`)))
      await sql`create trigger ${sql.id(`${NOTE}_${table}_${event}`)} after ${sql.raw(event)} on ${sql.table(table)}
        begin insert into ${sql.table(CHANGES)} (table_name, key) values (${sql.lit(table)}, json_array(${columns})); end`.execute(
        db,
      )
    }
  }
}

/**
 * Runs with the rights of who made it: the service may have none on the table of changes. So its names mean the same
 * whoever calls it: temporary tables, which anybody may make, would be looked at first wherever a name has no schema.
 */
async function createNotingFunction(db: AnyDb): Promise<void> {
  const { rows } = await sql<{ changes: string }>`
    select format('%I.%I', current_schema(), ${sql.lit(CHANGES)}) as changes`.execute(db)
  const body = `
  declare
    changed jsonb := case tg_op when 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
  begin
    insert into ${rows[0]?.changes} (table_name, key)
      select tg_table_name, jsonb_agg(changed -> name order by position)::text
      from unnest(tg_argv) with ordinality as columns (name, position);
    return null;
  end`
  await sql`create or replace function ${sql.id(NOTE)}() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as ${sql.lit(body)}`.execute(db)
  // nobody needs that right for a trigger that is there; with it, anybody could make one and write notes
  await sql`revoke execute on function ${sql.id(NOTE)}() from public`.execute(db)
}

/** Makes every write to these tables fail as one to a read-only database does, from the next transaction on. */
export async function refuseWrites(db: AnyDb, tables: readonly Keyed[]): Promise<void> {
  if (isPostgres(db)) {
    // read_only_sql_transaction: what a standby says
    await sql`create or replace function ${sql.id(REFUSE)}() returns trigger language plpgsql as $$
      begin raise exception ${sql.lit(MOVED)} using errcode = '25006'; end $$`.execute(db)
    for (const { table } of tables)
      await sql`create trigger ${sql.id(REFUSE)} before insert or update or delete on ${sql.table(table)}
        for each row execute function ${sql.id(REFUSE)}()`.execute(db)
    return
  }
  for (const { table } of tables)
    for (const event of EVENTS)
      await sql`create trigger ${sql.id(`${REFUSE}_${table}_${event}`)} before ${sql.raw(event)} on ${sql.table(table)}
        begin select raise(abort, ${sql.lit(MOVED)}); end`.execute(db)
}

const MOVED = 'this database was moved'

/** Removes the triggers of both kinds, as far as there are any; on PostgreSQL those of all tables. */
export async function removeTriggers(db: AnyDb, tables: readonly Keyed[]): Promise<void> {
  for (const name of [NOTE, REFUSE]) {
    if (isPostgres(db)) await sql`drop function if exists ${sql.id(name)}() cascade`.execute(db)
    else
      for (const { table } of tables)
        for (const event of EVENTS) await sql`drop trigger if exists ${sql.id(`${name}_${table}_${event}`)}`.execute(db)
  }
}
