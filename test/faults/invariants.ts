/** What must hold of every row at any time, whatever was cut off in the middle. */
import { sql } from 'kysely'
import { foldIdentifier } from '../../src/accounts/identifiers.ts'
import { isPostgres } from '../../src/db/dialect.ts'
import type { Db } from '../../src/db/open.ts'
import { deriveKeys } from '../../src/tokens/master-key.ts'
import { openSigningKey } from '../../src/tokens/signing-key.ts'
import { JWT_KEY } from '../support/app.ts'

/** Reads the whole database; one sentence for each thing that is wrong. */
export async function findViolations(db: Db): Promise<string[]> {
  const parts = [ofTheFile, ofReferences, ofAccounts, ofSessions, ofKeys, ofShortLived]
  const found: string[] = []
  for (const part of parts) found.push(...(await part(db)))
  return found
}

async function ofTheFile(db: Db): Promise<string[]> {
  if (isPostgres(db)) return []
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db)
  const { rows: orphans } = await sql`pragma foreign_key_check`.execute(db)
  const faults = rows.map(({ integrity_check }) => integrity_check).filter((line) => line !== 'ok')
  return [...faults, ...orphans.map((row) => `foreign key: ${JSON.stringify(row)}`)]
}

async function ofReferences(db: Db): Promise<string[]> {
  const users = new Set((await db.selectFrom('users').select('id').execute()).map(({ id }) => id))
  const found: string[] = []
  for (const table of ['passwords', 'user_roles', 'sessions'] as const) {
    const rows = await db.selectFrom(table).select('user_id').execute()
    for (const { user_id } of rows) if (!users.has(user_id)) found.push(`${table} of nobody: ${user_id}`)
  }
  return found
}

async function ofAccounts(db: Db): Promise<string[]> {
  const users = await db.selectFrom('users').selectAll().execute()
  const passwords = new Map((await db.selectFrom('passwords').selectAll().execute()).map((row) => [row.user_id, row]))
  const roles = new Set(
    (await db.selectFrom('user_roles').selectAll().execute()).map((row) => `${row.user_id} ${row.role}`),
  )
  const seen = new Set<string>()
  return users.flatMap((user) => {
    const { id, uid, username, username_key, email, email_key } = user
    const names = [uid, username_key, email_key].filter((name) => name !== null)
    const isTwice = names.some((name) => seen.has(name))
    for (const name of names) seen.add(name)
    return faultsOf(`user ${id}`, {
      'has one password': passwords.get(id)?.hash.startsWith('$argon2id$') === true,
      'has the role of everybody': roles.has(`${id} user`),
      'is found by its user name': username !== null && foldIdentifier(username) === username_key,
      'is found by its address': email !== null && foldIdentifier(email) === email_key,
      'is there once': !isTwice,
      'was changed after it was made': user.updated_at >= user.created_at,
    })
  })
}

async function ofSessions(db: Db): Promise<string[]> {
  const sessions = await db.selectFrom('sessions').selectAll().execute()
  return sessions.flatMap((session) =>
    faultsOf(`session ${session.id}`, {
      'has a generation': Number.isInteger(session.generation) && session.generation >= 1,
      'has a salt': /^[0-9a-f]{32}$/.test(session.salt),
      'has its times in order':
        session.created_at <= session.rotated_at &&
        session.rotated_at <= session.last_used_at &&
        session.last_used_at < session.expires_at,
      'has not rotated in its first generation': session.generation > 1 || session.rotated_at === session.created_at,
      'says why it ended, if it did': (session.revoked_at === null) === (session.revoked_reason === null),
    }),
  )
}

async function ofKeys(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('signing_keys').selectAll().orderBy('sequence').execute()
  const { seal } = deriveKeys(JWT_KEY)
  const gaps = rows.some(({ sequence }, index) => sequence !== index + 1) ? ['the keys are not numbered in a row'] : []
  return gaps.concat(
    rows.flatMap((row) => {
      try {
        openSigningKey(row, seal)
        return []
      } catch (error) {
        return [`key ${row.kid}: ${(error as Error).message}`]
      }
    }),
  )
}

async function ofShortLived(db: Db): Promise<string[]> {
  const values = await db.selectFrom('ephemeral').selectAll().execute()
  const messages = await db.selectFrom('messages').selectAll().execute()
  return [
    ...values.flatMap(({ key, value, expires_at }) =>
      faultsOf(`value ${key}`, { 'is whole': key !== '' && value !== '' && expires_at > 0 }),
    ),
    ...messages.flatMap(({ id, channel, body }) =>
      faultsOf(`message ${id}`, { 'is whole': ['keys', 'sessions'].includes(channel) && body !== '' }),
    ),
  ]
}

/** A sentence for each claim that does not hold. */
function faultsOf(subject: string, claims: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(claims).flatMap(([claim, holds]) => (holds ? [] : [`${subject}: not true that it ${claim}`]))
}
