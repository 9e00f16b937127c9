import type { SessionRow } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { pageOf, readCursor } from '../pages.ts'
import type { Session, SessionList, SessionQuery } from './schema.ts'
import { endOf } from './session.ts'
import type { SessionState } from './states.ts'

/**
 * One page of the living sessions of an account, newest first.
 * @param by the session that asks
 * @throws Failure validation_failed for a cursor that is none
 */
export async function listSessions(
  deps: Pick<Deps, 'config' | 'db' | 'now'>,
  by: Pick<SessionState, 'account' | 'session_id'>,
  { limit, cursor }: SessionQuery,
): Promise<SessionList> {
  const now = deps.now()
  let select = deps.db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', by.account.id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .where('last_used_at', '>', now - deps.config.session_idle_ttl)
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (cursor !== undefined) select = select.where('id', '<', readCursor(cursor))
  return pageOf(await select.execute(), limit, (row) => showSession(deps, row, by.session_id))
}

function showSession(deps: Pick<Deps, 'config'>, row: SessionRow, currentId: string): Session {
  return {
    id: row.id,
    created_at: new Date(row.created_at).toISOString(),
    last_used_at: new Date(row.last_used_at).toISOString(),
    expires_at: new Date(endOf(deps, row)).toISOString(),
    ...(row.ip !== null && { ip: row.ip }),
    ...(row.user_agent !== null && { user_agent: row.user_agent }),
    current: row.id === currentId,
  }
}
