import type { Kysely } from 'kysely'

/** Addresses that nobody has proved yet beside one that is, and which accounts were brought in. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('users').addColumn('pending_email', 'text').execute()
  await db.schema.alterTable('users').addColumn('pending_email_key', 'text').execute()
  await db.schema.alterTable('users').addColumn('imported_at', 'bigint').execute()
  // named as PostgreSQL names a constraint of the column, by which a violation is told
  await db.schema.createIndex('users_pending_email_key_key').on('users').column('pending_email_key').unique().execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('users_pending_email_key_key').execute()
  for (const column of ['imported_at', 'pending_email_key', 'pending_email'])
    await db.schema.alterTable('users').dropColumn(column).execute()
}
