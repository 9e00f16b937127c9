import { type Kysely, sql } from 'kysely'

/** Finds the living sessions of an account, however many of its own have ended. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('sessions_living')
    .on('sessions')
    .columns(['user_id', 'id'])
    .where(sql.ref('revoked_at'), 'is', null)
    .execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('sessions_living').execute()
}
