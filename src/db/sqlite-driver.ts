/** One connection to an SQLite file, and who may use it when: requests take turns, and wait for other processes apart. */
import { setTimeout as after } from 'node:timers/promises'
import type { Database as SqliteFile } from 'better-sqlite3'
import type { DatabaseConnection, Driver, QueryResult, SqliteStatement } from 'kysely'
import { canBeGrouped, groupWrites, type Query } from './sqlite-group.ts'
import { createTurns } from './sqlite-turns.ts'

/** How long a statement waits for another process's lock, in ms. */
const PATIENCE = 5000

/** Between two looks at another process's lock, in ms: the first time, and at the most. */
const SHORTEST_PAUSE = 1
const LONGEST_PAUSE = 20

/** After this many ms who waits for a lock sees whether their patience is at an end. */
const WATCH = 250

/**
 * Kysely's driver for SQLite, which must have no busy timeout of its own: that would stop the whole process. Who meets
 * another process's lock steps aside, so that requests which need no lock are served meanwhile, and fails after 5 s.
 * @param prepare gives the prepared statement of a text
 */
export function sqliteDriver(file: SqliteFile, prepare: (text: string) => SqliteStatement): Driver {
  const turns = createTurns()
  const untilUnlocked = watchLock(file)
  /** connections in a transaction, whose turn it is until its end */
  const holders = new Set<DatabaseConnection>()
  /** they are all the same, and cost something to make */
  const idle: DatabaseConnection[] = []

  function run<R>({ sql, parameters }: Query): QueryResult<R> {
    const statement = prepare(sql)
    if (statement.reader) return { rows: statement.all(parameters) as R[] }
    const { changes, lastInsertRowid } = statement.run(parameters)
    return { numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid), rows: [] }
  }

  async function runInTurn<R>(query: Query): Promise<QueryResult<R>> {
    await turns.take()
    try {
      return run(query)
    } finally {
      turns.give()
    }
  }

  const write = groupWrites({ file, turns, run })
  // while it is nobody's turn, reading needs none: nothing can come in between
  const read = <R>(query: Query) => (turns.areFree() ? run<R>(query) : runInTurn<R>(query))
  const attempt = <R>(query: Query): QueryResult<R> | Promise<QueryResult<R>> =>
    canBeGrouped(query.sql) ? write(query) : read(query)

  async function patiently<T>(attempt: () => T | Promise<T>): Promise<T> {
    const end = performance.now() + PATIENCE
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        // of a statement that was turned away nothing has happened, so it may be tried again
        if (!isBusy(error) || performance.now() > end) throw error
        await untilUnlocked()
      }
    }
  }

  function connect(): DatabaseConnection {
    const connection: DatabaseConnection = {
      executeQuery: async (query) => (holders.has(connection) ? run(query) : patiently(() => attempt(query))),
      async *streamQuery(query) {
        const isHolder = holders.has(connection)
        if (!isHolder) await turns.take()
        try {
          for (const row of prepare(query.sql).iterate(query.parameters)) yield { rows: [row as never] }
        } finally {
          if (!isHolder) turns.give()
        }
      },
    }
    return connection
  }

  return {
    init: async () => {},
    acquireConnection: async () => idle.pop() ?? connect(),
    beginTransaction: (connection) =>
      patiently(async () => {
        await turns.take()
        try {
          run({ sql: 'begin', parameters: [] })
          holders.add(connection)
        } catch (error) {
          turns.give()
          throw error
        }
      }),
    async commitTransaction() {
      run({ sql: 'commit', parameters: [] })
    },
    async rollbackTransaction() {
      // a full or broken disk makes SQLite roll back by itself
      if (file.inTransaction) run({ sql: 'rollback', parameters: [] })
    },
    async releaseConnection(connection) {
      if (holders.delete(connection)) turns.give()
      idle.push(connection)
    },
    destroy: async () => {
      file.close()
    },
  }
}

const isBusy = (error: unknown) => String((error as { code?: unknown } | null)?.code).startsWith('SQLITE_BUSY')

/** Gives a promise that resolves when nobody else has the lock, or a moment later; however many wait, one looks. */
function watchLock(file: SqliteFile): () => Promise<void> {
  let watching: Promise<void> | undefined

  function isLocked(): boolean {
    if (!file.open || file.inTransaction) return false
    try {
      file.exec('begin immediate; rollback')
      return false
    } catch (error) {
      return isBusy(error)
    }
  }

  async function watch(): Promise<void> {
    const end = performance.now() + WATCH
    let pause = SHORTEST_PAUSE
    do {
      await after(pause)
      pause = Math.min(2 * pause, LONGEST_PAUSE)
    } while (isLocked() && performance.now() < end)
  }

  return () => {
    watching ??= watch().finally(() => {
      watching = undefined
    })
    return watching
  }
}
