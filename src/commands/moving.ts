/** `latchkey import`, `latchkey export` */
import { setFlagsFromString } from 'node:v8'
import { OPERATOR } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { loadConfig } from '../config.ts'
import { migrateUp, prepareSchema } from '../db/migrate.ts'
import { openDatabase, shownUrl } from '../db/open.ts'
import { databaseExists } from '../db/whole.ts'
import type { Deps } from '../deps.ts'
import { openSource } from '../moving/containers/source.ts'
import { exportUsers } from '../moving/export.ts'
import { importUsers } from '../moving/import.ts'
import { recognise } from '../moving/recognise.ts'
import { openReport } from '../moving/report.ts'
import { describe, shown, totalOf } from '../moving/summary.ts'
import { SYSTEMS } from '../moving/systems.ts'
import { openOutput } from './output.ts'
import { addPasswordOptions, type PasswordFlags, readPasswordOptions } from './password-options.ts'
import { type CommandGroup, misuse, openTrail } from './program.ts'
import { showProgress } from './progress.ts'
import { say } from './terminal.ts'

interface ImportFlags extends PasswordFlags {
  from: string
  apply?: boolean
  report?: string
}

/** One piece of work after another, each of which may take long. */
const PATIENT = { pool: 2, patient: true }

const NAMES = ['auto', ...SYSTEMS.map(({ name }) => name)]

/** Users in, users out. */
export const moving: CommandGroup = (program) => {
  const command = program
    .command('import <file>')
    .description('bring users in from another system; without --apply, only say what would happen')
    .option('--apply', 'write the accounts')
    .option('--from <system>', `where the file comes from: ${NAMES.join(', ')}`, 'auto')
    .option('--report <file>', 'where to report on each line, as JSON lines or .csv; beside the file by default')
    .action(runImport)
  addPasswordOptions(command)
  program
    .command('export')
    .description('every account as JSON lines, in the general form that import reads')
    .option('--with-hashes', 'with the password hashes, which let whoever has them try passwords')
    .option('--output <file>', 'write a new file, for its owner alone')
    .action(runExport)
}

async function runImport(path: string, { from, apply = false, report: reportPath, ...flags }: ImportFlags) {
  // Left to itself, the heap doubles with the length of the file, although nothing of it is kept.
  setFlagsFromString('--optimize-for-size')
  if (!NAMES.includes(from)) throw misuse(`--from must be one of ${NAMES.join(', ')}`)
  const options = readPasswordOptions(flags)
  const source = openSource(path)
  const { system, description, rows } = await recognise(source, from)
  say(`${path}: ${description}`)
  await withAccounts(apply, async (deps) => {
    const report = openReport(reportPath, path, apply)
    const progress = showProgress(() => source.share)
    const onBatch: Parameters<typeof importUsers>[1]['onBatch'] = (decisions) => {
      report.write(decisions)
      progress.add(decisions.length)
    }
    try {
      const summary = await importUsers(deps, { system, rows, options, apply, onBatch })
      progress.end()
      say(`${shown(totalOf(summary))} users read`)
      for (const line of describe(summary, apply)) say(line)
      say(`report: ${report.path}`)
      if (!apply) say('nothing was written: this was a dry run, --apply writes')
      if (summary.broken) throw summary.broken
    } finally {
      progress.end()
      report.close()
    }
  })
}

const IN_MEMORY = 'sqlite::memory:'

/** Runs with the accounts there are. A dry run makes no database: where there is none, it is judged against an empty one. */
async function withAccounts(
  apply: boolean,
  work: (deps: Pick<Deps, 'audit' | 'db' | 'now'>) => Promise<void>,
): Promise<void> {
  const config = loadConfig()
  const { database_url, migrate } = config
  const isThere = await databaseExists(database_url)
  if (apply && database_url === IN_MEMORY) throw new Error(`${IN_MEMORY} would forget the accounts at once`)
  const { db } = openDatabase(apply || isThere ? database_url : IN_MEMORY, PATIENT)
  try {
    if (apply) await prepareSchema(db, migrate)
    else if (isThere) await prepareSchema(db, 'check')
    else await migrateUp(db)
    await work({ audit: openTrail(config), db, now: Date.now })
  } finally {
    await db.destroy()
  }
}

async function runExport({ withHashes = false, output }: { withHashes?: boolean; output?: string }): Promise<void> {
  const config = loadConfig()
  const { database_url } = config
  if (!(await databaseExists(database_url))) throw new Error(`${shownUrl(database_url)} does not exist`)
  const { db } = openDatabase(database_url, PATIENT)
  try {
    await prepareSchema(db, 'check')
    const file = openOutput(output)
    let count = 0
    for await (const line of exportUsers({ db }, withHashes)) {
      await file.write(line)
      count += 1
    }
    await file.end()
    const deps = { audit: openTrail(config), now: Date.now }
    const details = { accounts: count, with_hashes: withHashes }
    await recordEvent(db, deps, { action: 'accounts.export', actor: OPERATOR, details })
    if (output !== undefined) say(`${shown(count)} accounts written to ${output}`)
  } finally {
    await db.destroy()
  }
}
