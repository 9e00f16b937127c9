/** `latchkey db copy`, `latchkey db reopen`: from SQLite to PostgreSQL while the service works, and back. */
import type { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { type Copied, copyDatabase, type Watch } from '../copying/copy.ts'
import { type Ends, reopen } from '../copying/ends.ts'
import { openEnd, withEnds } from '../copying/open.ts'
import { shown } from '../moving/summary.ts'
import { databaseUrl } from '../operation/values.ts'
import { misuse, recordOperation } from './program.ts'
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
  await withEnds(readUrl(from ?? loadConfig().database_url), readUrl(to), async (ends) => {
    const progress = showSteps()
    const copied = await copyDatabase(ends, finish, progress.watch).finally(progress.end)
    report(ends, copied)
    // a closed database takes no event, and what was copied has it
    await recordOperation(copied.isClosed ? ends.target.url : ends.source.url, 'database.copy')
  })
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
  const end = await openEnd(readUrl(loadConfig().database_url))
  try {
    const mark = await reopen(end)
    if (mark) await recordOperation(end.url, 'database.reopen')
    if (!mark) say('nothing to do')
    else if (mark.state === 'closed')
      say(`${end.shown} may be written again; what was written to ${mark.peer} since stays there`)
    else say(`the copy to ${mark.peer} is forgotten`)
  } finally {
    await end.db.destroy()
  }
}
