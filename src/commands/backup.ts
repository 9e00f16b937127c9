/** `latchkey db backup`, `latchkey db restore`: the SQLite file, while the service works and after it has stopped. */
import { existsSync, linkSync, rmSync } from 'node:fs'
import type { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { databaseFile } from '../db/open.ts'
import { restoreDatabase } from '../db/restore.ts'
import { type Contents, copySnapshot, syncFolderOf } from '../db/snapshot.ts'
import { databaseExists } from '../db/whole.ts'
import { shown } from '../moving/summary.ts'
import { misuse, recordOperation } from './program.ts'
import { showProgress } from './progress.ts'
import { say } from './terminal.ts'

/** Adds both commands to `db`. */
export function addBackup(db: Command): void {
  db.command('backup <file>')
    .description('copy the SQLite database as it is now to a new file; the service goes on')
    .action(backUp)
  db.command('restore <file>')
    .description(
      'put a backup in the place of the SQLite database, which is kept beside it; the service must be stopped',
    )
    .option('--yes', 'also where the database is too damaged to see whether a process is using it')
    .action(restore)
}

async function backUp(path: string): Promise<void> {
  const { database_url } = loadConfig()
  const source = sqliteFile(database_url)
  if (!(await databaseExists(database_url))) throw new Error(`${database_url} does not exist`)
  if (existsSync(path)) throw new Error(takenSentence(path))
  const draft = `${path}.writing-${process.pid}`
  try {
    const contents = await withProgress((onProgress) => copySnapshot(source, draft, onProgress))
    giveName(draft, path)
    say(`${path}: ${summary(contents)}; checked`)
    await recordOperation(database_url, 'database.backup')
  } finally {
    rmSync(draft, { force: true })
  }
}

async function restore(path: string, { yes = false }: { yes?: boolean }): Promise<void> {
  const { database_url } = loadConfig()
  const to = sqliteFile(database_url)
  const { kept, ...contents } = await withProgress((onProgress) =>
    restoreDatabase({ from: path, to, force: yes, now: Date.now(), onProgress }),
  )
  say(`${database_url}: ${summary(contents)}; checked`)
  if (kept) say(`what it replaced is in ${kept}`)
  await recordOperation(database_url, 'database.restore')
}

function sqliteFile(url: string): string {
  const path = databaseFile(url)
  if (path === undefined) throw misuse('backup and restore are for a database in an SQLite file')
  return path
}

const takenSentence = (path: string) => `${path} exists already; nothing was written`

/** Unlike a renaming, this never overwrites what has come into being meanwhile. */
function giveName(draft: string, path: string): void {
  try {
    linkSync(draft, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw new Error(takenSentence(path), { cause })
    throw cause
  }
  rmSync(draft)
  syncFolderOf(path)
}

const summary = ({ rows, migrations }: Contents) =>
  `${shown(rows['users'] ?? 0)} accounts, ${shown(rows['sessions'] ?? 0)} sessions, schema ${migrations.at(-1)}`

async function withProgress<T>(work: (onProgress: (done: number, of: number) => void) => Promise<T>): Promise<T> {
  let share = 0
  let before = 0
  const progress = showProgress(() => share, 'pages')
  try {
    return await work((done, of) => {
      share = of === 0 ? 1 : done / of
      progress.add(done - before)
      before = done
    })
  } finally {
    progress.end()
  }
}
