/** A population in a database of a PostgreSQL server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import pg from 'pg'
import { migrateUp } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'
import type { PostgresServer } from '../servers/postgres.ts'
import { COLUMNS, type Population, rowsOf } from './population.ts'

/** Lines that are written at once. */
const BATCH = 10_000

/**
 * Makes the database of a population; it is there under its name only once it is whole.
 * @param again whether to make it anew where it exists
 * @returns its URL
 */
export async function fillPostgres(
  server: PostgresServer,
  population: Population,
  { again }: { again: boolean },
): Promise<string> {
  const { name } = population
  const draft = `${name}_draft`
  const admin = new pg.Client(server.url('postgres'))
  await admin.connect()
  try {
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [name])
    if (rowCount === 1 && !again) return server.url(name)
    for (const old of [name, draft]) await admin.query(`drop database if exists ${old} with (force)`)
    await admin.query(`create database ${draft}`)
    await fill(server.url(draft), population)
    await admin.query(`alter database ${draft} rename to ${name}`)
  } finally {
    await admin.end()
  }
  return server.url(name)
}

async function fill(url: string, population: Population): Promise<void> {
  const { db } = openDatabase(url)
  await migrateUp(db)
  await db.destroy()
  await copyRows(url, population)
}

/** Through psql, since the driver has no COPY. */
async function copyRows(url: string, population: Population): Promise<void> {
  const psql = spawn('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', url], { stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = once(psql, 'exit')
  // its end says what was wrong
  psql.stdin.on('error', () => {})
  for await (const piece of script(population)) {
    if (!psql.stdin.write(piece)) await Promise.race([once(psql.stdin, 'drain'), ended])
  }
  psql.stdin.end()
  const [status] = await ended
  if (status !== 0) throw new Error(`psql ended with ${status}`)
}

/** What psql reads: COPY and its lines for each table, and then what an import would do. */
async function* script(population: Population): AsyncGenerator<string> {
  let open = ''
  let lines: string[] = []
  for await (const { table, values } of rowsOf(population)) {
    if (table !== open || lines.length === BATCH) {
      yield lines.join('')
      lines = []
    }
    if (table !== open) yield `${open && '\\.\n'}copy ${table} (${COLUMNS[table]}) from stdin;\n`
    open = table
    lines.push(`${values.join('\t')}\n`)
  }
  yield `${lines.join('')}\\.\n`
  yield "select setval(pg_get_serial_sequence('users', 'id'), (select max(id) from users));\n"
  yield 'vacuum analyze;\ncheckpoint;\n'
}
