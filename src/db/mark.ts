/** What `latchkey db copy` notes in the two databases it works between; elsewhere these tables do not exist. */
import { type Kysely, sql } from 'kysely'
import { autoIncrement, hasTable, isPostgres } from './dialect.ts'
import type { Tables } from './schema.ts'

export interface Mark {
  /** of the copy: the same on both sides */
  id: string
  part: 'source' | 'target'
  /** source: `open` while it may be written, then `closed`; target: `partial`, then `whole` */
  state: 'open' | 'closed' | 'partial' | 'whole'
  /** the other database, without its password */
  peer: string
  /** JSON: how far a target has come */
  progress: string
}

/** The tables of the notes. */
export const MARK = 'copy_mark'
export const CHANGES = 'copy_changes'

type AnyDb = Kysely<Tables>

/** The note in a database, if it takes or took part in a copy. */
export async function readMark(db: AnyDb): Promise<Mark | undefined> {
  if (!(await hasTable(db, MARK))) return undefined
  const { rows } = await sql<Mark>`select id, part, state, peer, progress from ${sql.table(MARK)}`.execute(db)
  return rows[0]
}

/** Writes the note, in place of one that was there. */
export async function writeMark(db: AnyDb, { id, part, state, peer, progress }: Mark): Promise<void> {
  await db.schema
    .createTable(MARK)
    .ifNotExists()
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('part', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('peer', 'text', (column) => column.notNull())
    .addColumn('progress', 'text', (column) => column.notNull())
    .execute()
  // a service that has no rights but on its own tables reads this at its start; the rest tells of rows
  if (isPostgres(db)) await sql`grant select (state, peer) on ${sql.table(MARK)} to public`.execute(db)
  await sql`delete from ${sql.table(MARK)}`.execute(db)
  await sql`insert into ${sql.table(MARK)} (id, part, state, peer, progress)
    values (${id}, ${part}, ${state}, ${peer}, ${progress})`.execute(db)
}

/** Makes the table in which triggers note the keys of rows that change. */
export async function createChanges(db: AnyDb): Promise<void> {
  await autoIncrement(db as never, db.schema.createTable(CHANGES), 'id')
    .addColumn('table_name', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex(`${CHANGES}_key`).on(CHANGES).columns(['table_name', 'key']).execute()
}

/** Removes the table of changes. */
export async function dropChanges(db: AnyDb): Promise<void> {
  await db.schema.dropTable(CHANGES).ifExists().execute()
}

/** Removes the note. */
export async function dropMark(db: AnyDb): Promise<void> {
  await db.schema.dropTable(MARK).ifExists().execute()
}

/**
 * Keeps the service from starting on a database that is not its own yet, or no longer.
 * @throws when it is the target of a copy that is not finished, or was moved elsewhere
 */
export async function refuseCopied(db: AnyDb): Promise<void> {
  if (!(await hasTable(db, MARK))) return
  const { rows } = await sql<Pick<Mark, 'state' | 'peer'>>`select state, peer from ${sql.table(MARK)}`.execute(db)
  const mark = rows[0]
  if (mark?.state === 'partial')
    throw new Error(`the copy of ${mark.peer} to this database is not finished: latchkey db copy --finish ends it`)
  if (mark?.state === 'closed')
    throw new Error(
      `this database was moved to ${mark.peer}, where DATABASE_URL must lead; latchkey db reopen takes that back`,
    )
}
