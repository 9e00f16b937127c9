/** Both databases, opened and found fit for a copy. */
import { randomUUID } from 'node:crypto'
import { hasTable } from '../db/dialect.ts'
import { BOOKKEEPING, migrateUp, refuseNewer, refusePending } from '../db/migrate.ts'
import { openDatabase, shownUrl } from '../db/open.ts'
import { createDatabase, databaseExists } from '../db/whole.ts'
import type { End, Ends } from './ends.ts'
import { ignoreForeignKeys } from './foreign-keys.ts'
import { readTables } from './tables.ts'

/** Opens a database for long work. @throws when it does not exist */
export async function openEnd(url: string): Promise<End> {
  if (!(await databaseExists(url))) throw new Error(`${shownUrl(url)} does not exist`)
  const { db } = openDatabase(url, { pool: 2, patient: true })
  return { db, url, shown: shownUrl(url) }
}

/**
 * Runs with both databases; the target is made where it is missing.
 * @throws when the source does not exist, or the two do not have the same schema
 */
export async function withEnds<T>(from: string, to: string, work: (ends: Ends) => Promise<T>): Promise<T> {
  const source = await openEnd(from)
  try {
    await refusePending(source.db)
    await refuseNewer(source.db)
    const target = await openTarget(to)
    try {
      return await work(await prepare(source, target))
    } finally {
      await target.db.destroy()
    }
  } finally {
    await source.db.destroy()
  }
}

async function openTarget(url: string): Promise<End> {
  await createDatabase(url)
  const { db } = openDatabase(url, { pool: 2, patient: true })
  return { db, url, shown: shownUrl(url) }
}

async function prepare(source: End, target: End): Promise<Ends> {
  // somebody else's database must not be changed before it is refused
  if (await hasTable(target.db, BOOKKEEPING[0])) await refusePending(target.db)
  else await migrateUp(target.db)
  await ignoreForeignKeys(target.db)
  const tables = await readTables(source.db)
  if (JSON.stringify(tables) !== JSON.stringify(await readTables(target.db)))
    throw new Error(`${source.shown} and ${target.shown} have different tables: latchkey migrate up on both`)
  return { source, target, tables, run: randomUUID() }
}
