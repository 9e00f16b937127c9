/** Group commit: writes that come at the same time reach the disk together. */
import type { Database as SqliteFile } from 'better-sqlite3'
import type { CompiledQuery, QueryResult } from 'kysely'
import type { Turns } from './sqlite-turns.ts'

/** A statement with its values. */
export type Query = Pick<CompiledQuery, 'sql' | 'parameters'>

/** The longest that a group waits for more, in ms. */
const LONGEST_WAIT = 5

interface Waiting {
  query: Query
  resolve(result: QueryResult<never>): void
  reject(error: unknown): void
}

interface Needs {
  file: SqliteFile
  turns: Turns
  run(query: Query): QueryResult<never>
}

/** What belongs into no transaction, such as `vacuum` and `pragma`, is no such write. */
export const canBeGrouped = (sql: string): boolean => /^(insert|update|delete) /i.test(sql)

/**
 * Gives the function that runs a statement of its own. All that were asked for in one turn of the event loop run in one
 * transaction, since each commit waits for the disk. Each is answered after that, and fails alone if it fails: SQLite
 * takes back the one statement (sqlite.org/lang_conflict.html, ABORT). What breaks the transaction fails all.
 */
export function groupWrites({ file, turns, run }: Needs): (query: Query) => Promise<QueryResult<never>> {
  let waiting: Waiting[] = []
  /** of those that wait, how many the turn before had brought */
  let before = 0
  let committedAt = 0
  /** what the last commit took, in ms */
  let took = 0

  function attempt(member: Waiting): () => void {
    try {
      const result = run(member.query)
      return () => member.resolve(result)
    } catch (error) {
      if (!file.inTransaction) throw error
      return () => member.reject(error)
    }
  }

  function commitTogether(group: Waiting[]): void {
    try {
      run({ sql: 'begin', parameters: [] })
      const answers = group.map(attempt)
      pace(() => run({ sql: 'commit', parameters: [] }))
      for (const answer of answers) answer()
    } catch (error) {
      for (const { reject } of group) reject(error)
      if (file.inTransaction) run({ sql: 'rollback', parameters: [] })
    }
  }

  /** Notes how long a commit takes. */
  function pace<T>(commit: () => T): T {
    const begun = performance.now()
    try {
      return commit()
    } finally {
      committedAt = performance.now()
      took = Math.min(committedAt - begun, LONGEST_WAIT)
    }
  }

  function runAlone({ query, resolve, reject }: Waiting): void {
    try {
      resolve(pace(() => run(query)))
    } catch (error) {
      reject(error)
    }
  }

  /** While each turn brings more, for as long as the last commit took: then no more than half of the time goes into commits. */
  const isWorthWaiting = () => waiting.length > before && performance.now() - committedAt < took

  async function settle(): Promise<void> {
    if (isWorthWaiting()) {
      before = waiting.length
      setImmediate(settle)
      return
    }
    await turns.take()
    const group = waiting
    waiting = []
    before = 0
    const [first, ...others] = group
    try {
      if (first && others.length === 0) runAlone(first)
      else commitTogether(group)
    } finally {
      turns.give()
    }
  }

  return (query) =>
    new Promise((resolve, reject) => {
      waiting.push({ query, resolve, reject })
      // after what the turn of the loop still brings
      if (waiting.length === 1) setImmediate(settle)
    })
}
