/** `latchkey …`: parse, call one domain function, print. Exit codes: 0 done, 1 failed, 2 not understood. */
import './runtime.js'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { TSchema } from '@sinclair/typebox'
import { Command, CommanderError } from 'commander'
import type { FastifyInstance } from 'fastify'
import { toFailure } from '../plugins/errors.ts'
import { buildValidator } from '../plugins/validator.ts'
import { findByIdentifier } from './accounts/account.ts'
import { buildApp, VERSION } from './app.ts'
import { type Config, loadConfig } from './config.ts'
import { migrateDown, migrateUp, migrationStates } from './db/migrate.ts'
import { type Db, openDatabase, removeDatabase } from './db/open.ts'
import { Failure } from './errors.ts'
import { explain } from './operation/explain.ts'
import { namedSchemas, ref } from './schemas.ts'
import { changeAccount } from './sign-in/manage-account.ts'
import { openAccount } from './sign-in/open-account.ts'
import { NewUser } from './sign-in/schema.ts'
import { start } from './start.ts'

const program = new Command('latchkey').description('Accounts, sessions and tokens over HTTP').version(VERSION)
const say = (line: string) => process.stdout.write(`${line}\n`)

program.command('serve').description('run the service').action(start)

const db = program.command('db').description('the database as a whole')
db.command('create')
  .description('create the database and bring its schema up to date')
  .action(() =>
    withDatabase(async (database, { database_url }) =>
      report(await migrateUp(database), `${database_url} is up to date`),
    ),
  )
db.command('drop')
  .description('delete the database with everything in it')
  .option('--yes', 'do not ask')
  .action(dropDatabase)

const migrate = program.command('migrate').description('the schema of the database')
migrate
  .command('up')
  .description('run every migration that is pending')
  .action(() => withDatabase(async (database) => report(await migrateUp(database), 'nothing to do')))
migrate
  .command('down')
  .description('take the newest migration back; the data in its tables is lost')
  .option('--all', 'take every migration back')
  .action(({ all }: { all?: boolean }) =>
    withDatabase(async (database) => report(await migrateDown(database, all), 'nothing to do')),
  )
migrate
  .command('status')
  .description('list the migrations')
  .action(() =>
    withDatabase(async (database) => {
      for (const { name, executed_at } of await migrationStates(database)) {
        say(`${name}  ${executed_at ? executed_at.toISOString() : 'pending'}`)
      }
    }),
  )

const admin = program.command('admin').description('administrators')
admin
  .command('create')
  .description('make an administrator; the password is asked for, or read from standard input')
  .requiredOption('--username <name>')
  .requiredOption('--email <address>')
  .option('--name <name>', 'what to call the person')
  .action(createAdmin)
admin
  .command('promote <identifier>')
  .description('give the role admin to the account with this user name or e-mail address')
  .action(promote)

const keys = program.command('keys').description('the keys that sign access tokens')
keys
  .command('list')
  .description('list the keys')
  .action(() =>
    withApp(async (app) => {
      const current = app.keys.current()
      for (const { kid, alg, activates_at, sequence } of app.keys.list()) {
        const time = new Date(activates_at).toISOString()
        const isNext = alg === current.alg && sequence > current.sequence
        say(
          `${kid}  ${alg}  ${kid === current.kid ? `signs since ${time}` : isNext ? `signs from ${time}` : 'verifies'}`,
        )
      }
    }),
  )
keys
  .command('rotate')
  .description('make a new key; it is published first, and signs ten minutes later')
  .option('--now', 'let it sign at once')
  .option('--revoke', 'with --now: stop believing every other key, and with it every access token they signed')
  .action(rotateKeys)

program
  .command('openapi')
  .description('print the contract')
  .option('--write <file>', 'write it to a file')
  .action(printContract)

/** Runs with the database alone, whatever state its schema is in. */
async function withDatabase(work: (db: Db, config: Config) => Promise<void>): Promise<void> {
  const config = loadConfig()
  const { db } = openDatabase(config.database_url)
  try {
    await work(db, config)
  } finally {
    await db.destroy()
  }
}

/** Runs with the whole service, which listens to nobody. */
async function withApp(work: (app: FastifyInstance) => Promise<void>, config = loadConfig()): Promise<void> {
  const app = await buildApp({ ...config, log_level: 'silent', metrics: undefined })
  try {
    await work(app)
  } finally {
    await app.close()
  }
}

function report(migrations: string[], otherwise: string): void {
  if (migrations.length === 0) say(otherwise)
  for (const name of migrations) say(`done: ${name}`)
}

async function dropDatabase({ yes = false }: { yes?: boolean }): Promise<void> {
  const { database_url } = loadConfig()
  if (!yes) {
    if (!process.stdin.isTTY)
      throw new CommanderError(2, 'latchkey.refused', 'db drop needs --yes where nobody can be asked')
    const answer = await ask(`Delete ${database_url} with everything in it? Type yes: `)
    if (answer !== 'yes') throw new Error('nothing was deleted')
  }
  say(removeDatabase(database_url) ? `deleted ${database_url}` : `${database_url} does not exist`)
}

async function createAdmin(options: { username: string; email: string; name?: string }): Promise<void> {
  const account: NewUser = { ...options, password: await readPassword(), roles: ['admin', 'user'] }
  checkBody(NewUser, account)
  await withApp(async (app) => {
    const { uid } = await openAccount(app, account)
    say(`made the administrator ${account.username} (${uid})`)
  })
}

/** Holds a value against a schema as the API would, and fails with the same words. */
function checkBody(schema: TSchema, value: unknown): void {
  const schemas = Object.fromEntries(namedSchemas().map((named) => [String(named.$id), named]))
  const validate = buildValidator(schemas)({ method: '', url: '', httpPart: 'body', schema: ref(schema) } as never)
  if (!validate(value)) throw toFailure({ validation: validate.errors } as never)
}

function promote(identifier: string): Promise<void> {
  return withApp(async (app) => {
    const account = await findByIdentifier(app.db, identifier)
    if (!account) throw new Failure('user_not_found')
    await changeAccount(app, account.uid, { roles: [...new Set([...account.roles, 'admin' as const])] })
    say(`${identifier} is an administrator`)
  })
}

function rotateKeys({ now = false, revoke = false }: { now?: boolean; revoke?: boolean }): Promise<void> {
  if (revoke && !now) throw new CommanderError(2, 'latchkey.usage', '--revoke goes with --now')
  return withApp(async (app) => {
    const key = await app.keys.rotate(now ? app.now() : undefined)
    say(`${key.kid}  ${key.alg}  signs from ${new Date(key.activates_at).toISOString()}`)
    if (revoke) say(`revoked: ${await app.keys.revokeOthers()}`)
  })
}

/** The contract depends on the code alone: neither the environment nor a database has a say. */
async function printContract({ write }: { write?: string }): Promise<void> {
  const config = loadConfig({ DATABASE_URL: 'sqlite::memory:', JWT_KEY: 'x'.repeat(32) })
  await withApp(async (app) => {
    const yaml = app.swagger({ yaml: true })
    if (write) writeFileSync(write, yaml)
    else process.stdout.write(yaml)
  }, config)
}

/** One line from a person who does not see what they type, or from a pipe. */
async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) return ask('Password: ', { hidden: true })
  for await (const line of createInterface({ input: process.stdin })) return line
  return ''
}

async function ask(question: string, { hidden = false } = {}): Promise<string> {
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr
  // From here on the terminal shows nothing by itself; who asked before this would see a quick typist's password.
  const terminal = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY })
  try {
    if (hidden) process.stderr.write(question)
    return await terminal.question(question)
  } finally {
    terminal.close()
    if (hidden) process.stderr.write('\n')
  }
}

/** Says what went wrong in one line a fault, and how that counts. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    // commander has already spoken, except for our own refusals
    if (error.code.startsWith('latchkey.')) process.stderr.write(`latchkey: ${error.message}\n`)
    return error.exitCode === 0 ? 0 : 2
  }
  for (const line of explain(error)) process.stderr.write(`latchkey: ${line}\n`)
  return 1
}

for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
  ;(command as Command).exitOverride().showHelpAfterError('(--help says more)')
}
try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}
