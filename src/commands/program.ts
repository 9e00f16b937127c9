/** What every group of commands is built from. */
import { type Command, CommanderError } from 'commander'
import { findByIdentifier } from '../accounts/account.ts'
import { buildApp } from '../app.ts'
import type { Action } from '../audit/actions.ts'
import { OPERATOR } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { type AuditTrail, createTrail } from '../audit/trail.ts'
import { type Config, loadConfig } from '../config.ts'
import { refusePending } from '../db/migrate.ts'
import { type Db, openDatabase } from '../db/open.ts'
import { Failure } from '../errors.ts'
import { complain } from '../operation/printable.ts'
import { resolveKeys, trailKeys } from '../tokens/master-key.ts'
import { ask } from './terminal.ts'

/** Adds its commands to the program. */
export type CommandGroup = (program: Command) => void

type App = Awaited<ReturnType<typeof buildApp>>

/** Runs with the database alone, whatever state its schema is in. */
export async function withDatabase(work: (db: Db, config: Config) => Promise<void>): Promise<void> {
  const config = loadConfig()
  const { db } = openDatabase(config.database_url, { pool: 2, patient: true })
  try {
    await work(db, config)
  } finally {
    await db.destroy()
  }
}

/** What it takes to add to the audit log. The key is looked for when it is needed: a dry run has to make none. */
export function openTrail(config: Config): AuditTrail {
  return createTrail(() => trailKeys(resolveKeys(config)))
}

/**
 * Records what was done with a database as a whole, in that database. It is done by then, so that a database which cannot be
 * written to, or is of another version, is only spoken of.
 */
export async function recordOperation(url: string, action: Action): Promise<void> {
  const { db } = openDatabase(url, { pool: 1, patient: true })
  try {
    await refusePending(db)
    await recordEvent(db, { audit: openTrail(loadConfig()), now: Date.now }, { action, actor: OPERATOR })
  } catch (error) {
    complain(`the audit log does not tell of this: ${(error as Error).message}`)
  } finally {
    await db.destroy()
  }
}

/** Runs with the whole service, which listens to nobody. */
export async function withApp(work: (app: App) => Promise<void>, config = loadConfig()): Promise<void> {
  const app = await buildApp({ ...config, log_level: 'silent', metrics: undefined, traces: undefined })
  try {
    await work(app)
  } finally {
    await app.close()
  }
}

/**
 * The account that somebody means by its id, its user name or its e-mail address.
 * @throws Failure user_not_found
 */
export async function findNamed({ db }: Pick<App, 'db'>, identifier: string): Promise<{ id: number; uid: string }> {
  const byUid = db.selectFrom('users').select(['id', 'uid']).where('uid', '=', identifier).executeTakeFirst()
  const account = (await byUid) ?? (await findByIdentifier(db, identifier))
  if (!account) throw new Failure('user_not_found')
  return account
}

/** A use that no option parser can see is wrong: one line, exit code 2. */
export function misuse(message: string): CommanderError {
  return new CommanderError(2, 'latchkey.usage', message)
}

interface Confirmation {
  /** whether the answer was given with the command */
  yes: boolean
  /** the command, for who cannot be asked */
  command: string
  question: string
  /** what is said where the answer is no */
  refusal: string
}

/**
 * Asks before something that cannot be taken back.
 * @throws when the answer is not yes, or nobody can be asked
 */
export async function confirm({ yes, command, question, refusal }: Confirmation): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY) throw misuse(`${command} needs --yes where nobody can be asked`)
  if ((await ask(question)) !== 'yes') throw new Error(refusal)
}
