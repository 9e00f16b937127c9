/** How compiled queries reach a database that has one connection without the steps that a pool needs. */
import type { DatabaseConnection, Dialect, DialectAdapter } from 'kysely'

const connections = new WeakMap<DialectAdapter, DatabaseConnection>()

/** Makes compiled queries outside of transactions go straight to a connection, where connections are all one. */
export function withShortcut<D extends Dialect>(dialect: D): D {
  const adapter = dialect.createAdapter()
  const createDriver = dialect.createDriver.bind(dialect)
  dialect.createAdapter = () => adapter
  dialect.createDriver = () => {
    const driver = createDriver()
    const init = driver.init.bind(driver)
    // what has begun by Kysely's own way is also ended by it
    driver.init = async (options) => {
      await init(options)
      connections.set(adapter, await driver.acquireConnection(options))
    }
    const destroy = driver.destroy.bind(driver)
    driver.destroy = (options) => {
      connections.delete(adapter)
      return destroy(options)
    }
    return driver
  }
  return dialect
}

/** The connection to go straight to, if there is one; not for transactions, which have their own. */
export const shortcutOf = (adapter: DialectAdapter): DatabaseConnection | undefined => connections.get(adapter)
