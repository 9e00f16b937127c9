/** What is held about a person, list by list: each reads the rows that come after one, as many as a step has. */
import { toActivity } from '../audit/list.ts'
import type { Db } from '../db/open.ts'
import { STEP, type Step } from '../pages.ts'
import type { PersonalData } from './schema.ts'

/** Some items of one list. */
type Items<L extends keyof PersonalData> = PersonalData[L] extends readonly (infer T)[] ? Promise<Step<T>> : never

const time = (at: number) => new Date(at).toISOString()

/** Makes a step of rows that are told apart by a column. */
function stepOf<Row, T>(rows: readonly Row[], keyOf: (row: Row) => string, show: (row: Row) => T): Step<T> {
  const last = rows.at(-1)
  return { items: rows.map(show), ...(last !== undefined && rows.length === STEP && { after: keyOf(last) }) }
}

/** Newest first, those that are over as well. */
export async function readSessions(db: Db, userId: number, after: string | undefined): Items<'sessions'> {
  let select = db.selectFrom('sessions').selectAll().where('user_id', '=', userId).orderBy('id', 'desc').limit(STEP)
  if (after !== undefined) select = select.where('id', '<', after)
  return stepOf(
    await select.execute(),
    ({ id }) => id,
    ({ id, created_at, last_used_at, expires_at, ip, user_agent, revoked_at, revoked_reason }) => ({
      id,
      created_at: time(created_at),
      last_used_at: time(last_used_at),
      expires_at: time(expires_at),
      ...(ip !== null && { ip }),
      ...(user_agent !== null && { user_agent }),
      ...(revoked_at !== null && { ended_at: time(revoked_at) }),
      ...(revoked_reason !== null && { ended_because: revoked_reason }),
    }),
  )
}

export async function readDevices(db: Db, userId: number, after: string | undefined): Items<'devices'> {
  let select = db
    .selectFrom('known_devices')
    .select(['digest', 'created_at', 'used_at', 'expires_at'])
    .where('user_id', '=', userId)
    .orderBy('digest')
    .limit(STEP)
  if (after !== undefined) select = select.where('digest', '>', after)
  return stepOf(
    await select.execute(),
    ({ digest }) => digest,
    ({ created_at, used_at, expires_at }) => ({
      known_since: time(created_at),
      last_used_at: time(used_at),
      known_until: time(expires_at),
    }),
  )
}

export async function readMessages(db: Db, uid: string, after: string | undefined): Items<'messages'> {
  let select = db
    .selectFrom('outbox')
    .select(['id', 'template', 'recipient', 'created_at'])
    .where('uid', '=', uid)
    .orderBy('id')
    .limit(STEP)
  if (after !== undefined) select = select.where('id', '>', Number(after))
  return stepOf(
    await select.execute(),
    ({ id }) => String(id),
    ({ template, recipient, created_at }) => ({ kind: template, to: recipient, written_at: time(created_at) }),
  )
}

export async function readProofs(db: Db, userId: number, after: string | undefined): Items<'proofs'> {
  let select = db
    .selectFrom('proofs')
    .select(['digest', 'purpose', 'created_at', 'expires_at'])
    .where('user_id', '=', userId)
    .orderBy('digest')
    .limit(STEP)
  if (after !== undefined) select = select.where('digest', '>', after)
  return stepOf(
    await select.execute(),
    ({ digest }) => digest,
    ({ purpose, created_at, expires_at }) => ({
      purpose,
      created_at: time(created_at),
      expires_at: time(expires_at),
    }),
  )
}

/** Newest first. */
export async function readEvents(db: Db, uid: string, after: string | undefined): Items<'events'> {
  let select = db.selectFrom('audit_events').selectAll().where('subject', '=', uid).orderBy('id', 'desc').limit(STEP)
  if (after !== undefined) select = select.where('id', '<', after)
  return stepOf(await select.execute(), ({ id }) => id, toActivity)
}
