import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { isAuthentic, parseRefreshToken } from './refresh-token.ts'
import type { EndReason } from './session.ts'

type Needs = Pick<Deps, 'db' | 'now' | 'states'>

/**
 * Ends one session on every node. Ending it again changes nothing, not even the reason.
 * @returns whether it was this call that ended it
 */
export async function endSession({ db, now, states }: Needs, id: string, reason: EndReason): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set({ revoked_at: now(), revoked_reason: reason })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
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
  await inTransaction(deps.db, (tx) => revokeSessions(tx, deps, userId, reason))
  await deps.states.forgetUser(userId)
}

/**
 * The part of ending that belongs into a transaction; the caller makes the nodes forget after the commit.
 * @param except a session that goes on
 */
export async function revokeSessions(
  db: Tx,
  { now }: Pick<Deps, 'now'>,
  userId: number,
  reason: EndReason,
  except?: string,
): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ revoked_at: now(), revoked_reason: reason })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .$if(except !== undefined, (query) => query.where('id', '<>', except ?? ''))
    .execute()
}

/**
 * Ends one of an account's own living sessions.
 * @throws Failure session_not_found, also for a session of somebody else
 */
export async function endOwnSession({ db, now, states }: Needs, userId: number, id: string): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set({ revoked_at: now(), revoked_reason: 'revoked_by_owner' })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw new Failure('session_not_found')
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
