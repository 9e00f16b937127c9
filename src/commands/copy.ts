/** `latchkey db copy`, `latchkey db reopen`: from SQLite to PostgreSQL while the service works, and back. */
import type { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { type Copied, copyDatabase, type Watch } from '../copying/copy.ts'
import { type End, type Ends, reopen } from '../copying/ends.ts'
import { ignoreForeignKeys } from '../copying/foreign-keys.ts'
import { readTables } from '../copying/tables.ts'
import { hasTable } from '../db/dialect.ts'
import { BOOKKEEPING, migrateUp, refusePending } from '../db/migrate.ts'
import { openDatabase, shownUrl } from '../db/open.ts'
import { createDatabase, databaseExists } from '../db/whole.ts'
import { shown } from '../moving/summary.ts'
import { databaseUrl } from '../operation/values.ts'
import { misuse } from './program.ts'
import { showProgress } from './progress.ts'
import { say } from './terminal.ts'

interface CopyFlags {
  to: string
  from?: string
  finish?: boolean
}

/** Adds both commands to `db`. */
export function addCopy(db: Command): void {
  db.command('copy')
    .description('copy everything to another database, and compare the two; may be run again, and goes on then')
    .requiredOption('--to <url>', 'the other database: sqlite:PATH or postgres://…, new or empty')
    .option('--from <url>', 'the database to copy, in place of DATABASE_URL')
    .option('--finish', 'in the end let nobody write to this database any more: the service moves to the other one')
    .action(copy)
  db.command('reopen')
    .description('let the service write again to a database that was copied, and forget the copy')
    .action(reopenDatabase)
}

async function copy({ to, from, finish = false }: CopyFlags): Promise<void> {
  const urls = [readUrl(from ?? loadConfig().database_url), readUrl(to)] as const
  if (!(await databaseExists(urls[0]))) throw new Error(`${shownUrl(urls[0])} does not exist`)
  await createDatabase(urls[1])
  const source = openEnd(urls[0])
  const target = openEnd(urls[1])
  try {
    const ends = await prepareEnds(source, target)
    const progress = showSteps()
    const copied = await copyDatabase(ends, finish, progress.watch).finally(progress.end)
    report(ends, copied)
  } finally {
    await Promise.all([source.db.destroy(), target.db.destroy()])
  }
}

/** What a URL may look like here: that of DATABASE_URL, but nothing that is gone with this process. */
function readUrl(url: string): string {
  if (!/^(sqlite:(?!\/\/|:memory:)|postgres(ql)?:\/\/)./.test(url))
    throw misuse('a database to copy is sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME')
  try {
    return databaseUrl(url)
  } catch (error) {
    throw misuse(`the URL of the database ${(error as Error).message}`)
  }
}

function openEnd(url: string): End {
  const { db } = openDatabase(url, { pool: 2, patient: true })
  return { db, url, shown: shownUrl(url) }
}

/** @throws when the two cannot have the same schema */
async function prepareEnds(source: End, target: End): Promise<Ends> {
  await refusePending(source.db)
  // somebody else's database must not be changed before it is refused
  if (await hasTable(target.db, BOOKKEEPING[0])) await refusePending(target.db)
  else await migrateUp(target.db)
  await ignoreForeignKeys(target.db)
  const tables = await readTables(source.db)
  if (JSON.stringify(tables) !== JSON.stringify(await readTables(target.db)))
    throw new Error(`${source.shown} and ${target.shown} have different tables: latchkey migrate up on both`)
  return { source, target, tables }
}

/** A progress bar for each step. */
function showSteps() {
  let end = () => {}
  const watch: Watch = (step, rows) => {
    end()
    let done = 0
    const progress = showProgress(() => Math.min(1, rows === 0 ? 1 : done / rows), `rows, ${step}`)
    end = progress.end
    return (count) => {
      done += count
      progress.add(count)
    }
  }
  return { watch, end: () => end() }
}

function report({ source, target, tables }: Ends, { isClosed, sums, changes, pause }: Copied): void {
  for (const { table } of tables) {
    const sum = sums?.get(table)
    if (sum) say(`  ${table.padEnd(14)}${shown(sum.count).padStart(12)}  ${sum.digest.toString('hex', 0, 16)}`)
  }
  if (sums) say('counts and checksums are the same on both sides')
  if (changes > 0) say(`${shown(changes)} rows changed meanwhile, and were copied again`)
  if (pause !== undefined) say(`writes waited for ${shown(Math.ceil(pause))} ms`)
  say(
    isClosed
      ? `${source.shown} was moved and refuses every write: start the service with the DATABASE_URL of ${target.shown}`
      : `${source.shown} is still in use; --finish brings over what changes from here on, and closes it`,
  )
}

async function reopenDatabase(): Promise<void> {
  const url = readUrl(loadConfig().database_url)
  if (!(await databaseExists(url))) throw new Error(`${shownUrl(url)} does not exist`)
  const end = openEnd(url)
  try {
    const mark = await reopen(end)
    if (!mark) say('nothing to do')
    else if (mark.state === 'closed')
      say(`${end.shown} may be written again; what was written to ${mark.peer} since stays there`)
    else say(`the copy to ${mark.peer} is forgotten`)
  } finally {
    await end.db.destroy()
  }
}
