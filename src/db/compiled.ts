import type { CompiledQuery } from 'kysely'
import type { Db } from './open.ts'
import { shortcutOf } from './shortcut.ts'
import type { Tx } from './transaction.ts'

/** Stands in a query for what each run puts in its place. */
class Parameter {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** Gives the stand-in of a parameter, typed as whatever the query wants there. */
export type Stand<P> = (name: keyof P & string) => never

/** A query of `db` that is built once and run with other parameters each time. */
export type Compiled<P extends object, Row> = (db: Db | Tx, parameters: P) => Promise<Row[]>

/**
 * Makes a query that is built once for each database: a profile of sign-ins showed that building costs several times
 * what running does.
 * @param build makes the query, with `stand('name')` in the place of each parameter
 */
export function compiled<P extends object, Row>(
  build: (db: Db | Tx, stand: Stand<P>) => { compile(): CompiledQuery<Row> },
): Compiled<P, Row> {
  // by adapter: what a query compiles to depends on nothing else, and a transaction has its database's
  const queries = new WeakMap<object, CompiledQuery<Row>>()

  return async (db, parameters) => {
    const { adapter } = db.getExecutor()
    let query = queries.get(adapter)
    if (!query) {
      query = build(db, (name) => new Parameter(name) as never).compile()
      queries.set(adapter, query)
    }
    const values = query.parameters.map((value) =>
      value instanceof Parameter ? parameters[value.name as keyof P] : value,
    )
    const connection = db.isTransaction ? undefined : shortcutOf(adapter)
    const { rows } = await (connection ?? db).executeQuery<Row>({ ...query, parameters: values })
    return rows
  }
}
