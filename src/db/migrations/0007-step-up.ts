import { type Kysely, sql } from 'kysely'

/** When somebody last proved who they are in a session, and how. Whoever signed in before did so with a password. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('sessions')
    .addColumn('authenticated_at', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute()
  await db.schema
    .alterTable('sessions')
    .addColumn('amr', 'text', (column) => column.notNull().defaultTo('pwd'))
    .execute()
  await sql`update sessions set authenticated_at = created_at`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sessions').dropColumn('amr').execute()
  await db.schema.alterTable('sessions').dropColumn('authenticated_at').execute()
}
