/** How long a database takes. */
import type { DatabaseConnection, Dialect, Driver } from 'kysely'
import { type Counts, timed } from '../counts.ts'

/** Makes a dialect note how long its steps take: getting a connection, beginning, each statement, committing. */
export function measured<D extends Dialect>(dialect: D, counts: Counts['database']): D {
  const createDriver = dialect.createDriver.bind(dialect)
  dialect.createDriver = () => measuredDriver(createDriver(), counts)
  return dialect
}

function measuredDriver(driver: Driver, counts: Counts['database']): Driver {
  const known = new WeakSet<DatabaseConnection>()
  /** beginning or committing, which PostgreSQL's driver does by a statement: that is no statement of ours */
  const between = new WeakSet<DatabaseConnection>()
  const acquire = driver.acquireConnection.bind(driver)
  const begin = driver.beginTransaction.bind(driver)
  const commit = driver.commitTransaction.bind(driver)

  function watch(connection: DatabaseConnection): void {
    if (known.has(connection)) return
    known.add(connection)
    const execute = connection.executeQuery.bind(connection)
    connection.executeQuery = (query, options) =>
      between.has(connection) ? execute(query, options) : timed(counts.statement, () => execute(query, options))
  }
  function step(durations: Counts['redis'], connection: DatabaseConnection, work: () => Promise<void>): Promise<void> {
    between.add(connection)
    return timed(durations, work).finally(() => between.delete(connection))
  }

  driver.acquireConnection = async (options) => {
    const connection = await timed(counts.connection, () => acquire(options))
    watch(connection)
    return connection
  }
  driver.beginTransaction = (connection, settings) => step(counts.begin, connection, () => begin(connection, settings))
  driver.commitTransaction = (connection) => step(counts.commit, connection, () => commit(connection))
  return driver
}
