import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { isAuthentic, parseRefreshToken } from './refresh-token.ts'
import type { EndReason } from './session.ts'
import type { SessionState } from './states.ts'

type Needs = Pick<Deps, 'counts' | 'db' | 'now' | 'states'>

/**
 * Ends one session on every node. Ending it again changes nothing, not even the reason.
 * @returns whether it was this call that ended it
 */
export async function endSession({ counts, db, now, states }: Needs, id: string, reason: EndReason): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set({ revoked_at: now(), revoked_reason: reason })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  counts.ended[reason] += Number(numUpdatedRows)
  await states.forgetSession(id)
  return numUpdatedRows > 0n
}

/** Ends the session of a refresh token, whatever its generation. A token that is not ours ends nothing, silently (RFC 7009). */
export async function endSessionOfToken(deps: Needs & Pick<Deps, 'keys'>, token: string): Promise<void> {
  const presented = parseRefreshToken(token)
  if (!presented) return
  const session = await deps.db
    .selectFrom('sessions')
    .select(['id', 'salt'])
    .where('id', '=', presented.session_id)
    .executeTakeFirst()
  if (session && isAuthentic(deps.keys.refreshKey, session, presented)) await endSession(deps, session.id, 'logout')
}

/** Ends every session of an account on every node. */
export async function endUserSessions(deps: Needs, userId: number, reason: EndReason): Promise<void> {
  const ended = await inTransaction(deps.db, (tx) => revokeSessions(tx, deps, userId, reason))
  deps.counts.ended[reason] += ended
  await deps.states.forgetUser(userId)
}

/**
 * The part of ending that belongs into a transaction; after the commit the caller counts them and makes the nodes forget.
 * @param except a session that goes on
 * @returns how many were ended
 */
export async function revokeSessions(
  db: Tx,
  { now }: Pick<Deps, 'now'>,
  userId: number,
  reason: EndReason,
  except?: string,
): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set({ revoked_at: now(), revoked_reason: reason })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .$if(except !== undefined, (query) => query.where('id', '<>', except ?? ''))
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

/**
 * Ends one of an account's own living sessions.
 * @param by the session that asks
 * @throws Failure session_not_found, also for a session of somebody else; session_ended if it is the one that asks, and
 * something else ended it meanwhile
 */
export async function endOwnSession(
  { counts, db, now, states }: Needs,
  by: Pick<SessionState, 'account' | 'session_id'>,
  id: string,
): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set({ revoked_at: now(), revoked_reason: 'revoked_by_owner' })
    .where('id', '=', id)
    .where('user_id', '=', by.account.id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw new Failure(id === by.session_id ? 'session_ended' : 'session_not_found')
  counts.ended.revoked_by_owner += 1
  await states.forgetSession(id)
}

/** Whether a session goes on, as the transaction sees it. */
export async function isAlive(tx: Tx, id: string): Promise<boolean> {
  const session = await tx
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return session !== undefined
}
