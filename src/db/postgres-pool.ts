/** The pool of connections to PostgreSQL: what it opens, what it lets nobody have, and what it throws. */
import { createRequire } from 'node:module'
import type pg from 'pg'
import { START_TIMELINE, WAL_TIMELINE } from './place.ts'

/** The driver, once there is a database for it: services on SQLite start without. */
let driver: typeof pg | undefined

/** How long a request waits for a connection, new or of the pool, in ms. */
const CONNECT_TIMEOUT = 5000

/** The server ends a statement after this long, a wait for a lock, a transaction in which nothing happens; in ms. */
const STATEMENT_TIMEOUT = 5000
const LOCK_TIMEOUT = 3000
const IDLE_TIMEOUT = 10_000

/** A server that does not even say that time is up is given up, and the connection with it; in ms. */
const ANSWER_TIMEOUT = 8000

/** A connection is used for so long, in s, so that a pool finds its way to a server that took over. */
const LIFETIME = 1800

export interface PoolOptions {
  /** most connections; 10 by default */
  pool?: number
  /** without limits on how long a statement may take: for changes of the schema, which may take long */
  patient?: boolean
  /** how long to wait for a connection, and for an answer, in ms */
  patience?: number
}

/** What the driver says of a query that had no answer. */
export const NO_ANSWER = 'Query read timeout'

/** What is said of a server that only follows another one. */
export const STANDBY = 'the server is a standby'

/** What the driver threw: others say of their connections what it says of its own. */
const thrown = new WeakSet<object>()

/** Whether the driver threw it, on behalf of the server or of the system. */
export const isOfDriver = (error: unknown): boolean => typeof error === 'object' && error !== null && thrown.has(error)

/** Whether it was the server that said so, and not the driver or the system. */
export const isOfServer = (error: unknown): error is pg.DatabaseError =>
  driver !== undefined && error instanceof driver.DatabaseError

function loadDriver(): typeof pg {
  driver ??= createRequire(import.meta.url)('pg') as typeof pg
  return driver
}

/** A bounded pool that replaces broken connections by itself. Nobody is handed one that was not found to be of use. */
export function openPool(url: string, { pool: max = 10, patient = false, patience }: PoolOptions): pg.Pool {
  const { Pool } = loadDriver()
  const pool = new Pool({
    application_name: 'latchkey',
    // what the URL says wins over the rest
    connectionString: url,
    max,
    connectionTimeoutMillis: patience ?? CONNECT_TIMEOUT,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: LIFETIME,
    keepAlive: true,
    types: { getTypeParser },
    // Not `verify`: the pool hands a connection that is still being verified to whoever asked for it, also when they
    // have given up meanwhile. Nobody gives it back then.
    onConnect: (client) => admit(client, patience ?? CONNECT_TIMEOUT),
    ...(!patient && {
      statement_timeout: STATEMENT_TIMEOUT,
      lock_timeout: LOCK_TIMEOUT,
      idle_in_transaction_session_timeout: IDLE_TIMEOUT,
      query_timeout: patience ?? ANSWER_TIMEOUT,
    }),
  })
  // The pool has dropped the connection by then, and the next query gets a new one or says what is wrong.
  pool.on('error', () => {})
  pool.on('connect', (client) => living.set(pool, (living.get(pool) ?? new Set()).add(client)))
  pool.on('remove', (client) => living.get(pool)?.delete(client))
  const connect = pool.connect.bind(pool)
  pool.connect = (() => connect().catch(rethrow)) as typeof pool.connect
  return pool
}

/** The connections of each pool, and the timeline of the server that each was opened to. */
const living = new WeakMap<pg.Pool, Set<pg.PoolClient>>()
const timelines = new WeakMap<object, string | null>()

/** Makes what breaks the connections of a pool that were opened to a server of another timeline than this. */
export const cutOthers = (timeline: string) => (pool: pg.Pool) => {
  for (const client of living.get(pool) ?? []) if (timelines.get(client) !== timeline) destroy(client)
}

function rethrow(error: object): never {
  thrown.add(error)
  throw error
}

/** 64-bit integers are numbers here: ids and times in ms are far from where those become inexact. */
const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = ((oid: number, format?: 'text' | 'binary') =>
  oid === loadDriver().types.builtins.INT8 ? Number : loadDriver().types.getTypeParser(oid, format as 'text')) as never

/** The timeline of a server, see src/db/place.ts; null of a standby, which has none of its own. */
const askWho = (timeline: string) => `select case when not pg_is_in_recovery() then ${timeline} end as timeline`

/** What a server says to a role that may not call a function. */
const NOT_ALLOWED = '42501'

/**
 * Prepares a new connection, before anybody is handed it. One that is refused is destroyed: to part with it in peace
 * would take a server that answers.
 * @param limit how long the server may take to say what it is, in ms
 * @throws when the server is a standby: it answers questions too, but news comes to it late, and it takes no writes
 */
async function admit(client: pg.ClientBase, limit: number): Promise<void> {
  // without a listener, a connection that breaks between two statements would end the process
  client.on('error', () => {})
  watchQueries(client)
  try {
    // a limit of its own, which the patient need too; the types lack it
    const ask = async (text: string) => {
      const asked: pg.QueryConfig & { query_timeout: number } = { text, query_timeout: limit }
      return (await client.query<{ timeline: string | null }>(asked)).rows[0]?.timeline ?? null
    }
    const timeline = await ask(askWho(WAL_TIMELINE)).catch((error: unknown) => {
      if (isOfServer(error) && error.code === NOT_ALLOWED) return ask(askWho(START_TIMELINE))
      throw error
    })
    if (timeline === null) throw new Error(STANDBY)
    timelines.set(client, timeline)
  } catch (error) {
    destroy(client)
    throw error
  }
}

/** Notes what queries throw. One without an answer leaves its connection waiting, which must not go back to the pool. */
function watchQueries(client: pg.ClientBase): void {
  const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown> | undefined
  const watched = (...args: unknown[]) => {
    const result = query(...args)
    result?.catch?.((error: Error) => {
      thrown.add(error)
      // known to end from now on, so that whoever holds it cannot give it back to the next
      if (error.message === NO_ANSWER) void (client as pg.Client).end()
    })
    return result
  }
  client.query = watched as typeof client.query
}

function destroy(client: pg.ClientBase): void {
  ;(client as unknown as { connection: pg.Connection }).connection.stream.destroy()
}
