/** What differs between the databases in SQL; the one place that knows. */
import {
  type CreateTableBuilder,
  type Expression,
  type Kysely,
  PostgresAdapter,
  type SelectQueryBuilder,
  sql,
} from 'kysely'
import {
  advisoryLock,
  advisoryLockAt,
  isServerReadOnly,
  isServerUnavailable,
  tryAdvisoryLock,
  uniqueColumn,
} from './postgres.ts'
import type { Tables } from './schema.ts'

/** A database or a transaction in it, of whatever tables. */
type AnyDb = Pick<Kysely<unknown>, 'getExecutor'>

/** Whether this is PostgreSQL, where transactions run beside one another; on SQLite whoever writes is alone. */
export function isPostgres(db: AnyDb): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter
}

/** What the database is called in the contract. */
export function kindOf(db: AnyDb): 'postgres' | 'sqlite' {
  return isPostgres(db) ? 'postgres' : 'sqlite'
}

/** Adds a 64-bit integer primary key whose values are never used twice, not even after a deletion. */
export function autoIncrement(db: Kysely<unknown>, table: CreateTableBuilder<string>, column: string) {
  return isPostgres(db)
    ? table.addColumn(column, 'bigint', (definition) => definition.generatedByDefaultAsIdentity().primaryKey())
    : table.addColumn(column, 'integer', (definition) => definition.primaryKey().autoIncrement())
}

const SQLITE_UNIQUE = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'])

/**
 * The column whose uniqueness an error says was violated, or undefined if the error says something else.
 * @param candidates the columns to look for
 */
export function violatedUnique<T extends string>(error: unknown, candidates: readonly T[]): T | undefined {
  const { code, message = '' } = error as { code?: string; message?: string }
  if (!code || !SQLITE_UNIQUE.has(code)) return uniqueColumn(error, candidates)
  return candidates.find((column) => message.includes(`.${column}`))
}

/** Whether the database, rather than the statement, is at fault: locked, full, unreadable, gone. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  // the only triggers are those of a database that was moved
  const ofSqlite = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB|CONSTRAINT_TRIGGER)/
  return (typeof code === 'string' && ofSqlite.test(code)) || isServerUnavailable(error)
}

/** Whether the database answers, and takes no writes: it is full, read-only, or cannot write to its disk. */
export function isWriteRefused(error: unknown): boolean {
  const code = String((error as { code?: unknown } | null)?.code)
  return /^SQLITE_(FULL|READONLY|IOERR)/.test(code) || isServerReadOnly(error)
}

/**
 * Makes a query hold on to the rows it finds until the transaction ends, where transactions run beside one another.
 * Nobody else may change them or hold on to them.
 * A row that another transaction was changing is judged anew by the condition once that has ended.
 */
export function holdingRows<DB, T extends keyof DB, O>(
  db: AnyDb,
  query: SelectQueryBuilder<DB, T, O>,
): SelectQueryBuilder<DB, T, O> {
  return isPostgres(db) ? query.forUpdate() : query
}

/** For a few rows that are to be deleted: leaves out those that another transaction has at hand. */
export function skippingHeld<DB, T extends keyof DB, O>(
  db: AnyDb,
  query: SelectQueryBuilder<DB, T, O>,
): SelectQueryBuilder<DB, T, O> {
  return isPostgres(db) ? query.forUpdate().skipLocked() : query
}

/** What transactions can take turns in. The numbers must stay: nodes of two versions have to mean the same. */
const TURNS = { migrations: 1, admins: 2, messages: 3, audit: 4 } as const

/** Waits until no other transaction is in this; from here to its end the transaction is alone in it. */
export async function takeTurn(tx: Kysely<Tables>, what: keyof typeof TURNS): Promise<void> {
  if (isPostgres(tx)) await advisoryLock(TURNS[what]).execute(tx)
}

/** The same for one of many things of a kind, such as an account, by its name. */
export async function takeTurnAt(tx: Kysely<Tables>, name: string): Promise<void> {
  if (isPostgres(tx)) await advisoryLockAt(name).execute(tx)
}

/** Whether it is this transaction's turn, without waiting for one; see `takeTurn`. */
export async function tryTurn(tx: Kysely<Tables>, what: keyof typeof TURNS): Promise<boolean> {
  if (!isPostgres(tx)) return true
  const { rows } = await tryAdvisoryLock(TURNS[what]).execute(tx)
  return rows[0]?.taken ?? false
}

/** Text in lower case as far as ASCII goes; the databases differ in the rest, and PostgreSQL by its locale. */
export function lowerAscii(db: AnyDb, text: Expression<string | null>): Expression<string | null> {
  return isPostgres(db) ? sql`lower(${text} collate "C")` : sql`lower(${text})`
}

/** The time by the server's clock, epoch ms; a file has none of its own. */
export async function serverTime(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{
    at: number
  }>`select (extract(epoch from clock_timestamp()) * 1000)::bigint as at`.execute(db)
  return rows[0]?.at ?? Number.NaN
}

/** The highest id that a table has ever given out, deleted rows included; 0 if none. */
export async function highestId(db: Kysely<Tables>, table: string): Promise<number> {
  const { rows } = isPostgres(db)
    ? await sql<{ seq: number | null }>`select pg_sequence_last_value(${sequenceOf(table)}) as seq`.execute(db)
    : await sql<{ seq: number }>`select seq from sqlite_sequence where name = ${table}`.execute(db)
  return rows[0]?.seq ?? 0
}

const sequenceOf = (table: string) => sql`pg_get_serial_sequence(${table}, 'id')::regclass`

/** Who waits: writers alone, or readers too. */
export type KeptOut = 'writers' | 'everybody'

const LOCKS = { writers: sql`share row exclusive`, everybody: sql`access exclusive` }

/**
 * Lets nobody else write to these tables before the transaction ends, or nobody use them. On SQLite the former is so anyway.
 * Whoever is going to remove triggers keeps everybody out from the beginning: that takes the strongest lock, and who asked for
 * it later would wait for readers that wait to write.
 */
export async function keepOut(tx: Kysely<Tables>, tables: readonly string[], whom: KeptOut = 'writers'): Promise<void> {
  const list = sql.join(tables.map((table) => sql.table(table)))
  if (isPostgres(tx)) await sql`lock table ${list} in ${LOCKS[whom]} mode`.execute(tx)
}

/** Lets the transaction take as long as it takes, whatever limits the URL or the role sets. */
export async function liftLimits(tx: Kysely<Tables>): Promise<void> {
  if (!isPostgres(tx)) return
  for (const limit of ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout'])
    await sql`set local ${sql.raw(limit)} = 0`.execute(tx)
}

/** Whether there is a table of this name. */
export async function hasTable(db: Kysely<Tables>, name: string): Promise<boolean> {
  const { rows } = isPostgres(db)
    ? await sql<{ found: boolean }>`select to_regclass(${name}) is not null as found`.execute(db)
    : await sql<{
        found: number
      }>`select count(*) as found from sqlite_schema where type = 'table' and name = ${name}`.execute(db)
  return Boolean(rows[0]?.found)
}

/**
 * Makes sure that no row that comes without an id is given one up to this; SQLite sees to that by itself. Others have
 * to be kept out, or one of them might be given an id between the look and the change.
 */
export async function reserveIds(tx: Kysely<Tables>, table: 'users', upTo: number): Promise<void> {
  if (!isPostgres(tx)) return
  if (upTo > (await highestId(tx, table))) await sql`select setval(${sequenceOf(table)}, ${upTo})`.execute(tx)
}

/** Makes a table number its next row above this, and above whatever it has given out itself. */
export async function continueIds(tx: Kysely<Tables>, table: string, upTo: number): Promise<void> {
  if (upTo <= (await highestId(tx, table))) return
  if (isPostgres(tx)) {
    await sql`select setval(${sequenceOf(table)}, ${upTo})`.execute(tx)
    return
  }
  await sql`delete from sqlite_sequence where name = ${table}`.execute(tx)
  await sql`insert into sqlite_sequence (name, seq) values (${table}, ${upTo})`.execute(tx)
}
