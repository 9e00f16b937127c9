import type { Deps } from '../deps.ts'
import type { Session } from './schema.ts'
import { endOf } from './session.ts'

/** An account's living sessions, newest first. */
export async function listSessions(
  deps: Pick<Deps, 'config' | 'db' | 'now'>,
  userId: number,
  currentId: string,
): Promise<Session[]> {
  const { config, db, now } = deps
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now())
    .where('last_used_at', '>', now() - config.session_idle_ttl)
    .orderBy('id', 'desc')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    created_at: new Date(row.created_at).toISOString(),
    last_used_at: new Date(row.last_used_at).toISOString(),
    expires_at: new Date(endOf(deps, row)).toISOString(),
    ...(row.ip !== null && { ip: row.ip }),
    ...(row.user_agent !== null && { user_agent: row.user_agent }),
    current: row.id === currentId,
  }))
}
