/** `latchkey db …`, `latchkey migrate …` */
import { loadConfig } from '../config.ts'
import { migrateUp, migrationStates } from '../db/migrate.ts'
import { isPostgresUrl, shownUrl } from '../db/open.ts'
import { createDatabase, removeDatabase, takeBack } from '../db/whole.ts'
import { addBackup } from './backup.ts'
import { addCopy } from './copy.ts'
import { type CommandGroup, confirm, withDatabase } from './program.ts'
import { say } from './terminal.ts'

/** The database as a whole: made, deleted. */
export const database: CommandGroup = (program) => {
  const db = program.command('db').description('the database as a whole')
  db.command('create').description('create the database and bring its schema up to date').action(makeDatabase)
  db.command('drop')
    .description('delete the database with everything in it')
    .option('--yes', 'do not ask')
    .action(dropDatabase)
  addBackup(db)
  addCopy(db)
}

/** The schema of the database: forth, back, where it stands. */
export const migrations: CommandGroup = (program) => {
  const migrate = program.command('migrate').description('the schema of the database')
  migrate
    .command('up')
    .description('run every migration that is pending')
    .action(() => withDatabase(async (database) => report(await migrateUp(database), 'nothing to do')))
  migrate
    .command('down')
    .description('take the newest migration back; the data in its tables is lost')
    .option('--all', 'take every migration back')
    .option('--yes', 'do not ask')
    .action(takeMigrationsBack)
  migrate.command('status').description('list the migrations').action(listMigrations)
}

async function takeMigrationsBack({ all = false, yes = false }: { all?: boolean; yes?: boolean }): Promise<void> {
  const { database_url } = loadConfig()
  const what = all ? 'every migration, with every account,' : 'the newest migration, with the data in its tables,'
  const question = `Take ${what} back in ${shownUrl(database_url)}? Type yes: `
  await confirm({ yes, command: 'migrate down', question, refusal: 'nothing was taken back' })
  report(await takeBack(database_url, all), 'nothing to do')
}

function listMigrations(): Promise<void> {
  return withDatabase(async (database) => {
    for (const { name, executed_at, is_known } of await migrationStates(database)) {
      say(`${name}  ${executed_at ? executed_at.toISOString() : 'pending'}${is_known ? '' : '  of a newer version'}`)
    }
  })
}

function report(migrations: string[], otherwise: string): void {
  if (migrations.length === 0) say(otherwise)
  for (const name of migrations) say(`done: ${name}`)
}

async function makeDatabase(): Promise<void> {
  await createDatabase(loadConfig().database_url)
  await withDatabase(async (database, { database_url }) =>
    report(await migrateUp(database), `${shownUrl(database_url)} is up to date`),
  )
}

async function dropDatabase({ yes = false }: { yes?: boolean }): Promise<void> {
  const { database_url } = loadConfig()
  const shown = shownUrl(database_url)
  const victim = isPostgresUrl(database_url) ? `Latchkey's tables in ${shown}` : shown
  const question = `Delete ${victim} with everything in it? Type yes: `
  await confirm({ yes, command: 'db drop', question, refusal: 'nothing was deleted' })
  say((await removeDatabase(database_url, yes)) ? `deleted ${victim}` : `${shown} does not exist`)
}
