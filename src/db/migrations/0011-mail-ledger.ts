import type { Kysely } from 'kysely'
import { autoIncrement } from '../dialect.ts'

/** Which messages were paid for by whom, and the order in which those that wait leave. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await autoIncrement(db, db.schema.createTable('mail_ledger'), 'id')
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('purse', 'text', (column) => column.notNull())
    .addColumn('template', 'text', (column) => column.notNull())
    .addColumn('asked_by', 'text')
    .addColumn('withheld', 'integer', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('mail_ledger_address').on('mail_ledger').columns(['address', 'at']).execute()
  await db.schema.createIndex('mail_ledger_asked_by').on('mail_ledger').columns(['asked_by', 'at']).execute()
  await db.schema.createIndex('mail_ledger_expires').on('mail_ledger').column('expires_at').execute()
  // an older version leaves it out: what has no turn is sent too
  await db.schema.alterTable('outbox').addColumn('turn', 'bigint').execute()
  await db.schema.createIndex('outbox_turn').on('outbox').column('turn').execute()
  await db.schema.createIndex('outbox_recipient').on('outbox').column('recipient').execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('outbox_recipient').execute()
  await db.schema.dropIndex('outbox_turn').execute()
  await db.schema.alterTable('outbox').dropColumn('turn').execute()
  await db.schema.dropTable('mail_ledger').execute()
}
