/** Which database this is, and how far its schema has come. */
import { sql } from 'kysely'
import { hasTable } from './dialect.ts'
import { newestOf } from './finished.ts'
import { BOOKKEEPING, MIGRATION_NAMES } from './migrate.ts'
import type { Db } from './open.ts'

export interface SchemaState {
  /** when its first migration ran, which tells it from every other database; undefined where nothing of ours is */
  made_at: string | undefined
  /** whether everything has run that this version knows */
  is_complete: boolean
  /** the newest version whose upgrade is finished */
  finished: string | undefined
}

/** Reads it in one question, as long as the answer is as expected. */
export async function readIdentity(db: Db): Promise<SchemaState> {
  try {
    const { rows } = await sql<{ name: string; at: string | null }>`
      select name, timestamp as at from ${sql.table(BOOKKEEPING[0])}
      union all select version, null from ${sql.table('upgrades')}`.execute(db)
    const executed = new Map(rows.filter(({ at }) => at !== null).map(({ name, at }) => [name, at ?? '']))
    return {
      made_at: executed.get(MIGRATION_NAMES[0] ?? ''),
      is_complete: MIGRATION_NAMES.every((name) => executed.has(name)),
      finished: newestOf(rows.filter(({ at }) => at === null).map(({ name }) => name)),
    }
  } catch (error) {
    if (await hasTable(db, 'upgrades')) throw error
    return { made_at: await readMadeAt(db), is_complete: false, finished: undefined }
  }
}

/** Of a schema that is older than the table of upgrades, or not there at all. */
async function readMadeAt(db: Db): Promise<string | undefined> {
  if (!(await hasTable(db, BOOKKEEPING[0]))) return undefined
  const { rows } = await sql<{ at: string }>`
    select timestamp as at from ${sql.table(BOOKKEEPING[0])} where name = ${MIGRATION_NAMES[0]}`.execute(db)
  return rows[0]?.at
}
