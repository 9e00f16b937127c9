import type { Kysely } from 'kysely'

/** What the sealer noticed of an event, and the keys of the log that were given up. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('audit_events').addColumn('mark', 'text').execute()
  await db.schema
    .createTable('audit_keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addColumn('retired_at', 'bigint', (column) => column.notNull())
    .execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('audit_keys').execute()
  await db.schema.alterTable('audit_events').dropColumn('mark').execute()
}
