/** The service's database, without the service. */
import { type Db, openDatabase } from '../../src/db/open.ts'

/** Runs with a database as it is, for as long as the work takes: opened anew every time, as the next process will. */
export async function withDatabase<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const { db } = openDatabase(url)
  try {
    return await work(db)
  } finally {
    await db.destroy()
  }
}
