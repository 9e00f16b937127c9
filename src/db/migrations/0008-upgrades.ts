import { type Kysely, sql } from 'kysely'

/** What else a session may be, and what it takes to forgive a lost answer; all of it null for what there was before. */
const OF_SESSIONS = {
  kind: 'text',
  parent_id: 'text',
  client_id: 'text',
  scope: 'text',
  evidence: 'text',
  acr: 'text',
  rotations: 'text',
  shown_generation: 'integer',
} as const

/** The columns of sessions that later versions need, and which upgrades are finished. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [column, type] of Object.entries(OF_SESSIONS))
    await db.schema.alterTable('sessions').addColumn(column, type).execute()
  await db.schema
    .createIndex('sessions_parent')
    .on('sessions')
    .column('parent_id')
    .where(sql.ref('parent_id'), 'is not', null)
    .execute()

  await db.schema
    .createTable('upgrades')
    .addColumn('version', 'text', (column) => column.primaryKey())
    .addColumn('finished_at', 'bigint', (column) => column.notNull())
    .execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('upgrades').execute()
  await db.schema.dropIndex('sessions_parent').execute()
  for (const column of Object.keys(OF_SESSIONS).toReversed())
    await db.schema.alterTable('sessions').dropColumn(column).execute()
}
