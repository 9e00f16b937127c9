import type { Kysely } from 'kysely'

/** Which imported passwords are still stored in a format that is easily broken. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('passwords').addColumn('weak_format', 'text').execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('passwords').dropColumn('weak_format').execute()
}
