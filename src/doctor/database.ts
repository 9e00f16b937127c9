/** The state of the database: whether it answers, how soon, what it promises, and what is in it. */

import { sql } from 'kysely'
import { findRetirement } from '../audit/keys.ts'
import type { Config } from '../config.ts'
import { isPostgres } from '../db/dialect.ts'
import { migrationStates } from '../db/migrate.ts'
import { type Db, openDatabase, shownUrl } from '../db/open.ts'
import { mayAskWal } from '../db/place.ts'
import { databaseExists } from '../db/whole.ts'
import { explain } from '../operation/explain.ts'
import { countSealed } from '../resealing/reseal.ts'
import { deriveKeys, type WorkingKeys } from '../tokens/master-key.ts'
import { openSigningKey } from '../tokens/signing-key.ts'
import { type Finding, fault, fine, warning } from './finding.ts'

/** Examines the database that the configuration names. Makes none, and changes nothing. */
export async function examineDatabase(config: Config, now: number): Promise<Finding[]> {
  try {
    if (!(await databaseExists(config.database_url)))
      return [warning('database', `${shownUrl(config.database_url)} is not there yet; the first start makes it`)]
    const { db } = openDatabase(config.database_url, { pool: 2 })
    try {
      return await examine(db, config, now)
    } finally {
      await db.destroy()
    }
  } catch (error) {
    return [fault('database', `it cannot be used: ${explain(error).join('; ')}`)]
  }
}

async function examine(db: Db, config: Config, now: number): Promise<Finding[]> {
  const ms = await latencyOf(db)
  const kind = isPostgres(db) ? 'PostgreSQL' : 'SQLite'
  const findings = [fine('database', `${kind} answers in ${ms} ms`, { kind: kind.toLowerCase(), ms })]
  findings.push(...(isPostgres(db) ? await examinePostgres(db, config, now) : await examineSqlite(db)))
  const states = await migrationStates(db)
  const newer = states.filter(({ is_known }) => !is_known).map(({ name }) => name)
  if (newer.length > 0) findings.push(warning('migrations', `${newer.join(', ')} is of a newer version of Latchkey`))
  const pending = states.filter(({ executed_at }) => executed_at === undefined)
  if (pending.length === 0)
    return [...findings, fine('migrations', 'all have run'), ...(await examineKeys(db, config, now))]
  const names = pending.map(({ name }) => name).join(', ')
  const says = config.migrate === 'check' ? fault : warning
  return [...findings, says('migrations', `${names} has not run`)]
}

/** The median of a few questions, in ms. */
async function latencyOf(db: Db): Promise<number> {
  const times: number[] = []
  for (let sample = 0; sample < 21; sample += 1) {
    const begun = performance.now()
    await sql`select 1`.execute(db)
    times.push(performance.now() - begun)
  }
  return Math.round(1000 * (times.sort((a, b) => a - b)[10] ?? 0)) / 1000
}

async function setting(db: Db, question: ReturnType<typeof sql>): Promise<string> {
  const { rows } = await question.execute(db)
  return String(Object.values(rows[0] ?? {})[0])
}

/** PRAGMA synchronous: each commit is on the disk before it is acknowledged. */
const FULL = '2'

async function examineSqlite(db: Db): Promise<Finding[]> {
  const journal = await setting(db, sql`pragma journal_mode`)
  const synchronous = await setting(db, sql`pragma synchronous`)
  if (synchronous === FULL)
    return [fine('database', `what is acknowledged survives a power cut (${journal}, synchronous=FULL)`)]
  return [fault('database', `what is acknowledged may be lost (${journal}, synchronous=${synchronous})`)]
}

async function examinePostgres(db: Db, config: Config, now: number): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const name of ['synchronous_commit', 'fsync', 'full_page_writes']) {
    const value = await setting(db, sql`select current_setting(${name})`)
    if (value === 'off') findings.push(warning('database', `${name} is off: what is acknowledged may be lost`))
  }
  if (findings.length === 0) findings.push(fine('database', 'what is acknowledged survives a power cut'))
  if (!(await mayAskWal(db)))
    findings.push(
      warning(
        'database',
        'the role may not call pg_current_wal_lsn and pg_walfile_name: a server that took over is told by when it was started',
      ),
    )
  const connections = Number(await setting(db, sql`select current_setting('max_connections')`))
  if (config.database_pool > connections / 2)
    findings.push(
      warning(
        'database',
        `DATABASE_POOL is ${config.database_pool} of ${connections} connections that the server allows`,
      ),
    )
  const theirs = Number(await setting(db, sql`select extract(epoch from clock_timestamp()) * 1000`))
  findings.push(judgeClock(config, 'the clock of the database', theirs - now))
  return findings
}

/** @param ahead by how much another clock is ahead of ours, in ms */
export function judgeClock(
  { clock_tolerance }: Pick<Config, 'clock_tolerance'>,
  whose: string,
  ahead: number,
): Finding {
  const text = `${whose} differs from ours by ${Math.abs(Math.round(ahead))} ms`
  return Math.abs(ahead) > clock_tolerance
    ? warning('clock', `${text}, more than CLOCK_TOLERANCE`)
    : fine('clock', text)
}

async function examineKeys(db: Db, config: Config, now: number): Promise<Finding[]> {
  const rows = await db.selectFrom('signing_keys').selectAll().where('revoked_at', 'is', null).execute()
  const newest = Math.max(0, ...rows.map(({ created_at }) => created_at))
  const clock =
    newest > now + config.clock_tolerance
      ? [fault('clock', 'it is behind the time at which a signing key was made')]
      : []
  if (rows.length === 0) return [...clock, fine('keys', 'there is none yet; the first start makes one')]
  // the file that development makes is not made by looking
  if (!config.jwt_key) return [...clock, warning('keys', `JWT_KEY is not set, so that ${rows.length} were not tried`)]
  const keys = deriveKeys(config.jwt_key, config.jwt_key_previous)
  try {
    for (const row of rows) openSigningKey(row, keys.seal)
    const previous = config.jwt_key_previous === undefined ? [] : [await examinePrevious(db, keys)]
    return [...clock, fine('keys', `JWT_KEY opens all of them (${rows.length})`), ...previous]
  } catch {
    return [...clock, fault('keys', 'they were sealed under another JWT_KEY')]
  }
}

/** Whether the key that is being given up is needed any more. */
async function examinePrevious(db: Db, keys: WorkingKeys): Promise<Finding> {
  const counted = await countSealed(db, keys)
  const left = counted.reduce((sum, { previous }) => sum + previous, 0)
  const since = await findRetirement(db, { keys: keys.audit })
  if (left > 0 || since === undefined)
    return warning('keys', `${left} rows are still sealed under JWT_KEY_PREVIOUS: latchkey keys reseal`)
  const { sessions } = await db
    .selectFrom('sessions')
    .select(({ fn }) => fn.countAll<number>().as('sessions'))
    .where('rotated_at', '<=', since)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', Date.now())
    .executeTakeFirstOrThrow()
  return fine(
    'keys',
    `nothing is sealed under JWT_KEY_PREVIOUS; without it, ${sessions} sessions end that were not refreshed since`,
  )
}
