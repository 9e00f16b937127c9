import type { Transaction } from 'kysely'
import type { Db } from './open.ts'
import type { Tables } from './schema.ts'

/** A transaction's handle, or the database where none is needed. */
export type Tx = Transaction<Tables>

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws.
 * Only database calls belong inside; they must use the handle that `work` gets, since the database itself waits
 * for the transaction to end.
 */
export function inTransaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.transaction().execute(work)
}
