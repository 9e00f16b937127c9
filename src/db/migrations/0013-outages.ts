import type { Kysely } from 'kysely'

/** What each process commits again and again, to know whether what it commits counts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('heartbeats')
    .addColumn('node', 'text', (column) => column.primaryKey().notNull())
    .addColumn('beaten_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('heartbeats').execute()
}
