import { type Kysely, sql } from 'kysely'
import { autoIncrement } from '../dialect.ts'

/** What happened: events that are only ever added, and the signed heads of their chain. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_events')
    .addColumn('id', 'text', (column) => column.primaryKey())
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
    .addColumn('salt', 'text')
    .addColumn('personal', 'text')
    .addColumn('mac', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.unique())
    .addColumn('chain', 'text')
    .execute()
  for (const column of ['subject', 'actor', 'session_id', 'action', 'request_id'])
    await db.schema.createIndex(`audit_events_${column}`).on('audit_events').columns([column, 'id']).execute()
  await db.schema
    .createIndex('audit_events_unsealed')
    .on('audit_events')
    .column('id')
    .where(sql.ref('seq'), 'is', null)
    .execute()

  await autoIncrement(db, db.schema.createTable('audit_checkpoints'), 'id')
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('head', 'text', (column) => column.notNull())
    .addColumn('pruned_seq', 'bigint', (column) => column.notNull())
    .addColumn('pruned_head', 'text', (column) => column.notNull())
    .addColumn('kid', 'text', (column) => column.notNull())
    .addColumn('key', 'text')
    .addColumn('signature', 'text', (column) => column.notNull())
    .addColumn('mac', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('audit_checkpoints_seq').on('audit_checkpoints').column('seq').execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('audit_checkpoints').execute()
  await db.schema.dropTable('audit_events').execute()
}
