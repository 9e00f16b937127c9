/** The two ends of a copy, and the notes that they carry. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { hasTable, isPostgres, keepOut } from '../db/dialect.ts'
import { CHANGES, createChanges, dropChanges, dropMark, type Mark, readMark, writeMark } from '../db/mark.ts'
import { aloneIn } from '../db/one-state.ts'
import type { Db } from '../db/open.ts'
import type { Tx } from '../db/transaction.ts'
import { noteChanges, refuseWrites, removeTriggers } from '../db/triggers.ts'
import { dropForeignKeys, joinForeignKeys } from './foreign-keys.ts'
import { type Progress, takeOver } from './progress.ts'
import { countRows } from './rows.ts'
import { type CopiedTable, KEYED, TABLES } from './tables.ts'

/** One of the two databases. */
export interface End {
  db: Db
  url: string
  /** the URL without its password */
  shown: string
}

export interface Ends {
  source: End
  target: End
  tables: readonly CopiedTable[]
  /** tells this run from every other one */
  run: string
}

/**
 * Begins a copy, or finds the one that was begun before: the source notes its changes from here on.
 * @returns the id of the copy, and the state in which the source is
 * @throws when the target holds something else, or the source is copied to another place
 */
export async function beginCopy(ends: Ends): Promise<Mark> {
  const { source, target } = ends
  const before = await readMark(source.db)
  const there = await readMark(target.db)
  if (before?.state === 'partial')
    throw new Error(`${source.shown} is itself the target of a copy that is not finished`)
  const known = before?.part === 'source' ? before : undefined
  if (known && there?.id === known.id) {
    if (there.part === 'source') throw new Error(`${source.shown} and ${target.shown} are the same database`)
    if (there.state === 'partial') await target.db.transaction().execute((tx) => takeOver(tx, ends.run))
    return known
  }
  if (known && known.peer !== target.shown)
    throw new Error(`${source.shown} is being copied to ${known.peer}; latchkey db reopen forgets that`)
  await refuseFull(target.db, ends)
  const mark = known ?? { id: randomUUID(), part: 'source', state: 'open', peer: target.shown, progress: '{}' }
  if (!known) await openSource(source, mark)
  if ((await readMark(target.db))?.part === 'source') {
    await reopen(source)
    throw new Error(`${source.shown} and ${target.shown} are the same database`)
  }
  await openTarget(ends, mark.id)
  return mark
}

async function refuseFull(db: Db, { target, tables }: Ends): Promise<void> {
  for (const table of tables) {
    if (table.prefilled || (await countRows(db, table)) === 0) continue
    throw new Error(`${target.shown} has rows in ${table.table}: a copy needs an empty database`)
  }
}

async function openSource({ db }: End, mark: Mark): Promise<void> {
  const whom = (await hasTable(db, CHANGES)) ? 'everybody' : 'writers'
  const begin = async (tx: Tx) => {
    await removeTriggers(tx, KEYED)
    await dropChanges(tx)
    await createChanges(tx)
    await noteChanges(tx, KEYED)
    await writeMark(tx, mark)
  }
  await aloneIn(db, TABLES, begin, whom)
}

async function openTarget(ends: Ends, id: string): Promise<void> {
  const { source, target, tables, run } = ends
  await target.db.transaction().execute(async (tx) => {
    // another run may have begun since the first look, or have been ended right here: what it dropped, only its note knows
    await keepOut(tx, TABLES)
    await refuseFull(tx, ends)
    const there = await readMark(tx)
    const dropped = there?.state === 'partial' ? (JSON.parse(there.progress) as Progress).foreign_keys : []
    const foreign_keys = joinForeignKeys(await dropForeignKeys(tx), dropped)
    const progress: Progress = { run, tables: {}, foreign_keys }
    for (const { table, prefilled } of tables) if (prefilled) await sql`delete from ${sql.table(table)}`.execute(tx)
    const state = { part: 'target', state: 'partial', peer: source.shown } as const
    await writeMark(tx, { id, ...state, progress: JSON.stringify(progress) })
  })
}

/**
 * Lets nobody write to the source any more; part of a transaction in which nobody else writes. On PostgreSQL the triggers that
 * note changes stay until the source is opened again: to remove them would keep readers out, and a write that they would
 * note is refused before.
 */
export async function closeSource(tx: Db, mark: Mark): Promise<void> {
  if (!isPostgres(tx)) await removeTriggers(tx, KEYED)
  await dropChanges(tx)
  await refuseWrites(tx, KEYED)
  await writeMark(tx, { ...mark, state: 'closed' })
}

/**
 * Removes whatever a copy has left in its source, which may be written again.
 * @returns what was noted there; undefined if it was no source
 * @throws when the database is a target
 */
export async function reopen({ db, shown }: End): Promise<Mark | undefined> {
  const mark = await readMark(db)
  if (mark?.state === 'partial')
    throw new Error(`${shown} is the target of a copy that is not finished: db copy goes on, db drop deletes it`)
  if (mark?.part !== 'source') return undefined
  const open = async (tx: Tx) => {
    await removeTriggers(tx, KEYED)
    await dropChanges(tx)
    await dropMark(tx)
  }
  await aloneIn(db, TABLES, open, 'everybody')
  return mark
}
