import type { Kysely } from 'kysely'
import { autoIncrement } from '../dialect.ts'

/** The language of an account, and messages that wait to be sent. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('users').addColumn('locale', 'text').execute()
  await autoIncrement(db, db.schema.createTable('outbox'), 'id')
    .addColumn('recipient', 'text', (column) => column.notNull())
    .addColumn('uid', 'text')
    .addColumn('locale', 'text')
    .addColumn('template', 'text', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('outbox_due').on('outbox').column('due_at').execute()
  await db.schema.createIndex('outbox_uid').on('outbox').column('uid').execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('outbox').execute()
  await db.schema.alterTable('users').dropColumn('locale').execute()
}
