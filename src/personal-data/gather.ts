/** What a person may ask for: everything that is held about them (GDPR, articles 15 and 20). */
import { getAccount, toUser } from '../accounts/account.ts'
import type { Actor } from '../audit/actor.ts'
import { toActivity } from '../audit/list.ts'
import { recordEvent } from '../audit/record.ts'
import type { Db } from '../db/open.ts'
import type { Deps } from '../deps.ts'
import type { PersonalData } from './schema.ts'

const time = (at: number) => new Date(at).toISOString()

/**
 * Gathers what is held about whoever asks; that they asked is part of it.
 * @throws Failure user_not_found
 */
export async function gatherPersonalData(
  deps: Pick<Deps, 'audit' | 'db' | 'now'>,
  actor: Actor,
): Promise<PersonalData> {
  const { db, now } = deps
  const account = await getAccount(db, actor.uid ?? '')
  await recordEvent(db, deps, { action: 'account.export', actor, subject: account.uid })
  const password = await findPassword(db, account.id)
  return {
    exported_at: time(now()),
    account: toUser(account),
    number: account.id,
    ...(password && { password }),
    sessions: await findSessions(db, account.id),
    devices: await findDevices(db, account.id),
    messages: await findMessages(db, account.uid),
    proofs: await findProofs(db, account.id),
    events: await findEvents(db, account.uid),
  }
}

async function findPassword(db: Db, userId: number): Promise<PersonalData['password']> {
  const row = await db.selectFrom('passwords').selectAll().where('user_id', '=', userId).executeTakeFirst()
  return (
    row && { changed_at: time(row.updated_at), hashed_as: row.weak_format ?? /[a-z\d-]+/i.exec(row.hash)?.[0] ?? '' }
  )
}

async function findSessions(db: Db, userId: number): Promise<PersonalData['sessions']> {
  const rows = await db.selectFrom('sessions').selectAll().where('user_id', '=', userId).orderBy('id', 'desc').execute()
  return rows.map(({ id, created_at, last_used_at, expires_at, ip, user_agent, revoked_at, revoked_reason }) => ({
    id,
    created_at: time(created_at),
    last_used_at: time(last_used_at),
    expires_at: time(expires_at),
    ...(ip !== null && { ip }),
    ...(user_agent !== null && { user_agent }),
    ...(revoked_at !== null && { ended_at: time(revoked_at) }),
    ...(revoked_reason !== null && { ended_because: revoked_reason }),
  }))
}

async function findDevices(db: Db, userId: number): Promise<PersonalData['devices']> {
  const rows = await db
    .selectFrom('known_devices')
    .select(['created_at', 'used_at', 'expires_at'])
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .execute()
  return rows.map(({ created_at, used_at, expires_at }) => ({
    known_since: time(created_at),
    last_used_at: time(used_at),
    known_until: time(expires_at),
  }))
}

async function findMessages(db: Db, uid: string): Promise<PersonalData['messages']> {
  const rows = await db
    .selectFrom('outbox')
    .select(['template', 'recipient', 'created_at'])
    .where('uid', '=', uid)
    .orderBy('id')
    .execute()
  return rows.map(({ template, recipient, created_at }) => ({
    kind: template,
    to: recipient,
    written_at: time(created_at),
  }))
}

async function findProofs(db: Db, userId: number): Promise<PersonalData['proofs']> {
  const rows = await db
    .selectFrom('proofs')
    .select(['purpose', 'created_at', 'expires_at'])
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .execute()
  return rows.map(({ purpose, created_at, expires_at }) => ({
    purpose,
    created_at: time(created_at),
    expires_at: time(expires_at),
  }))
}

async function findEvents(db: Db, uid: string): Promise<PersonalData['events']> {
  const rows = await db
    .selectFrom('audit_events')
    .selectAll()
    .where('subject', '=', uid)
    .orderBy('id', 'desc')
    .execute()
  return rows.map(toActivity)
}
