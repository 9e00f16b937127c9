import type { Kysely } from 'kysely'
import { autoIncrement } from '../dialect.ts'

/** What happened: events that are only ever added. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await autoIncrement(db, db.schema.createTable('audit_events'), 'id')
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('cause', 'text')
    .addColumn('actor', 'text')
    .addColumn('subject', 'text')
    .addColumn('session_id', 'text')
    .addColumn('request_id', 'text')
    .addColumn('details', 'text')
    .addColumn('ip', 'text')
    .addColumn('user_agent', 'text')
    .execute()
  await db.schema.createIndex('audit_events_subject').on('audit_events').columns(['subject', 'id']).execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('audit_events').execute()
}
