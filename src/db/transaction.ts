import { setTimeout as after } from 'node:timers/promises'
import type { Transaction } from 'kysely'
import type { Db } from './open.ts'
import { isPassing } from './postgres.ts'
import type { Tables } from './schema.ts'

/** A transaction's handle, or the database where none is needed. */
export type Tx = Transaction<Tables>

/** How often a transaction is begun at most, where others ran beside it and the database ended it for their sake. */
const ATTEMPTS = 4

/** How long it waits in between, in ms; longer each time. */
const PAUSE = 10

/** What is to be done when a transaction has been committed. */
const afterwards = new WeakMap<Tx, (() => void)[]>()

/** Calls `listener` when the transaction has been committed, and not at all when it is rolled back. It must not throw. */
export function afterCommit(tx: Tx, listener: () => void): void {
  afterwards.get(tx)?.push(listener)
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws.
 * Only database calls belong inside; they must use the handle that `work` gets, since the database itself waits
 * for the transaction to end. `work` may run again, after a deadlock or a serialization failure.
 */
export async function inTransaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const waiting: (() => void)[] = []
    try {
      const result = await db.transaction().execute((tx) => {
        afterwards.set(tx, waiting)
        return work(tx)
      })
      for (const each of waiting) each()
      return result
    } catch (error) {
      if (attempt === ATTEMPTS || !isPassing(error)) throw error
      // at once it might be in the way of the other one again, before that has woken up
      await after(attempt * PAUSE * (1 + Math.random()))
    }
  }
}
