/** A database as a whole: made, looked for, removed. */
import { rmSync } from 'node:fs'
import { sql } from 'kysely'
import { lockOut, withoutOthers } from './alone.ts'
import { dropChanges, dropMark } from './mark.ts'
import { BOOKKEEPING, migrateDown } from './migrate.ts'
import { type Db, isPostgresUrl, openDatabase } from './open.ts'
import { fileExists, isDatabase, sqlitePath } from './sqlite.ts'
import { removeTriggers } from './triggers.ts'

/** PostgreSQL's codes for a database that is not there, and for one that is there already. */
const MISSING = '3D000'
const EXISTS = '42P04'

/** The database that every server of PostgreSQL has. */
const COMMON = '/postgres'

/** Makes the database that a URL names, if it is missing. A file of SQLite is made when it is opened. */
export async function createDatabase(url: string): Promise<void> {
  if (!isPostgresUrl(url) || (await withDatabase(url, isThere))) return
  const common = new URL(url)
  const name = decodeURIComponent(common.pathname.slice(1))
  common.pathname = COMMON
  await withDatabase(common.href, async (db) => {
    // another process that was first has done what we wanted
    await sql`create database ${sql.id(name)}`.execute(db).catch(unlessCode(EXISTS))
  })
}

/** Whether there is something of Latchkey's at the place that a URL names; a database in memory is not before it is opened. */
export async function databaseExists(url: string): Promise<boolean> {
  return isPostgresUrl(url) ? withDatabase(url, holdsTables) : fileExists(url)
}

/**
 * Deletes what is Latchkey's and nothing else: the files of SQLite; of a database of PostgreSQL, in which others may
 * keep things too, the tables.
 * @param force delete a file of which nobody can say whether it is in use
 * @returns false if there was nothing
 * @throws when a path leads to something that is not a database, or a process has it open
 */
export async function removeDatabase(url: string, force = false): Promise<boolean> {
  if (!isPostgresUrl(url)) return removeFiles(url, force)
  if (!(await withDatabase(url, holdsTables))) return false
  return withoutOthers(url, async (db) => {
    await migrateDown(db, true)
    await removeTriggers(db, [])
    await dropChanges(db)
    await dropMark(db)
    for (const table of BOOKKEEPING) await db.schema.dropTable(table).execute()
    return true
  })
}

/** Takes the newest migration back, or with `all` every one. @throws when a process has the database open */
export function takeBack(url: string, all: boolean): Promise<string[]> {
  return withoutOthers(url, (db) => migrateDown(db, all))
}

/** The files go while they are locked: whoever has waited for the lock finds that they are gone. */
function removeFiles(url: string, force: boolean): boolean {
  const path = sqlitePath(url)
  if (!fileExists(url)) return false
  if (!isDatabase(path)) throw new Error(`${path} is not a database: nothing was deleted`)
  const lock = lockOut(path, force)
  try {
    for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`]) rmSync(file, { force: true })
  } finally {
    lock?.close()
  }
  return true
}

async function withDatabase<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const { db } = openDatabase(url, { pool: 1, patient: true })
  try {
    return await work(db)
  } finally {
    await db.destroy()
  }
}

async function isThere(db: Db): Promise<boolean> {
  const answer = await sql`select 1`.execute(db).catch(unlessCode(MISSING))
  return answer !== undefined
}

/** Whether migrations have run here. */
async function holdsTables(db: Db): Promise<boolean> {
  if (!(await isThere(db))) return false
  const { rows } = await sql<{ found: boolean }>`select to_regclass(${BOOKKEEPING[0]}) is not null as found`.execute(db)
  return rows[0]?.found ?? false
}

function unlessCode(expected: string) {
  return (error: { code?: string }) => {
    if (error.code !== expected) throw error
    return undefined
  }
}
