import type { Kysely } from 'kysely'

/** Whose own request it is, by a device that the account knows; null: a stranger's, or noted by an older version. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('mail_requests').addColumn('asked_by', 'text').execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('mail_requests').dropColumn('asked_by').execute()
}
