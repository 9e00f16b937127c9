import type { Kysely } from 'kysely'

/** What was asked for by mail is bound to who asked: codes of one address are told apart by the request for them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('mail_requests').addColumn('request', 'text').execute()
  await db.schema.alterTable('proofs').addColumn('request', 'text').execute()
  // beside `sign_in_codes`, whose one row an address goes on saying that there are codes: nodes of before know that alone
  await db.schema
    .createTable('requested_codes')
    .addColumn('request', 'text', (column) => column.primaryKey())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('network', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('tries', 'integer', (column) => column.notNull())
    .addColumn('loose_tries', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('requested_codes_address').on('requested_codes').column('address').execute()
  await db.schema.createIndex('requested_codes_expiry').on('requested_codes').column('expires_at').execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('requested_codes').execute()
  await db.schema.alterTable('proofs').dropColumn('request').execute()
  await db.schema.alterTable('mail_requests').dropColumn('request').execute()
}
