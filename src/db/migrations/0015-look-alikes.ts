import { type Kysely, sql } from 'kysely'

/** What a user name looks like; null until somebody has looked. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('users').addColumn('username_skeleton', 'text').execute()
  await db.schema.createIndex('users_skeleton').on('users').column('username_skeleton').execute()
  await db.schema
    .createIndex('users_without_skeleton')
    .on('users')
    .column('id')
    .where(sql<boolean>`username_skeleton is null and username is not null`)
    .execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('users_without_skeleton').execute()
  await db.schema.dropIndex('users_skeleton').execute()
  await db.schema.alterTable('users').dropColumn('username_skeleton').execute()
}
