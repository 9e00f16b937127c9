import type { Kysely } from 'kysely'
import { autoIncrement } from '../dialect.ts'

/** One-time tokens that prove one thing each, such as that an address is somebody's, and requests for mail. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('proofs')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('user_id', 'bigint', (column) => column.references('users.id').onDelete('cascade'))
    .addColumn('about', 'text')
    .addColumn('bound', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('proofs_user').on('proofs').columns(['user_id', 'purpose']).execute()
  await db.schema.createIndex('proofs_about').on('proofs').column('about').execute()
  await db.schema.createIndex('proofs_expiry').on('proofs').column('expires_at').execute()

  await autoIncrement(db, db.schema.createTable('mail_requests'), 'id')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('wanted', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('sign_in_codes')
    .addColumn('address', 'text', (column) => column.primaryKey())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('tries', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('sign_in_codes_expiry').on('sign_in_codes').column('expires_at').execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['sign_in_codes', 'mail_requests', 'proofs']) await db.schema.dropTable(table).execute()
}
