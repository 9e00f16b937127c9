import type { Account } from '../accounts/account.ts'
import { dropPendingAddress } from '../accounts/write.ts'
import type { Actor, Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { voidProofs } from '../proofs/proof.ts'
import { isAuthentic, parseRefreshToken } from './refresh-token.ts'
import type { EndReason } from './session.ts'
import type { SessionState } from './states.ts'

/** What it takes to end sessions in a transaction. */
export type EndingNeeds = Pick<Deps, 'audit' | 'now' | 'states'>
type Needs = EndingNeeds & Pick<Deps, 'counts' | 'db'>

/** An account, by its number and its uid. */
type Owner = Pick<Account, 'id' | 'uid'>

/**
 * Ends one session on every node. Ending it again changes nothing, not even the reason.
 * @param actor who ends it
 * @returns whether it was this call that ended it
 */
export async function endSession(deps: Needs, id: string, reason: EndReason, actor: Actor): Promise<boolean> {
  const isEnded = await inTransaction(deps.db, (tx) => revokeSession(tx, deps, id, reason, actor))
  deps.counts.ended[reason] += Number(isEnded)
  return isEnded
}

/**
 * The part of ending one session that belongs into a transaction, every node's news of it included; the caller counts it.
 * @param ofUser the account that it must belong to, by its number
 * @returns whether it was this call that ended it
 */
export async function revokeSession(
  tx: Tx,
  deps: EndingNeeds,
  id: string,
  reason: EndReason,
  actor: Actor,
  ofUser?: number,
): Promise<boolean> {
  const ended = await tx
    .updateTable('sessions')
    .set({ revoked_at: deps.now(), revoked_reason: reason })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .$if(ofUser !== undefined, (query) => query.where('user_id', '=', ofUser ?? 0))
    .returning('user_id')
    .executeTakeFirst()
  if (!ended) return false
  const { uid } = await tx.selectFrom('users').select('uid').where('id', '=', ended.user_id).executeTakeFirstOrThrow()
  await recordEvent(tx, deps, { action: 'session.end', actor, subject: uid, cause: reason, session_id: id })
  await deps.states.forgetSession(tx, id)
  return true
}

/**
 * Ends the session of a refresh token, whatever its generation. A token that is not ours ends nothing, silently
 * (RFC 7009).
 */
export async function endSessionOfToken(
  deps: Needs & Pick<Deps, 'keys'>,
  token: string,
  origin: Origin,
): Promise<void> {
  const presented = parseRefreshToken(token)
  if (!presented) return
  const session = await deps.db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.id', 'sessions.salt', 'users.uid'])
    .where('sessions.id', '=', presented.session_id)
    .executeTakeFirst()
  if (!session || !isAuthentic(deps.keys.refreshKeys, session, presented)) return
  await endSession(deps, session.id, 'logout', { uid: session.uid, session_id: session.id, origin })
}

/** Ends every session of an account on every node; an address that one of them asked for is not waited for any more. */
export async function endUserSessions(deps: Needs, account: Owner, reason: EndReason, actor: Actor): Promise<void> {
  const ended = await inTransaction(deps.db, (tx) => endAllOf(tx, deps, account, reason, actor))
  deps.counts.ended[reason] += ended
}

/**
 * The part of that which belongs into a transaction; the caller counts them.
 * @returns how many were ended
 */
export async function endAllOf(
  tx: Tx,
  deps: EndingNeeds,
  account: Owner,
  reason: EndReason,
  actor: Actor,
): Promise<number> {
  await voidProofs(tx, account.id, ['email-change'])
  await dropPendingAddress(tx, account.id)
  // also where none is left to end: whoever ended some by hand in the database makes every node hear of it so
  await deps.states.forgetUser(tx, account.id)
  return revokeSessions(tx, deps, account, reason, actor)
}

/**
 * The part of ending that belongs into a transaction, every node's news of it included; the caller counts them.
 * @param except a session that goes on
 * @returns how many were ended
 */
export function revokeSessions(
  tx: Tx,
  deps: EndingNeeds,
  owner: Owner,
  reason: EndReason,
  actor: Actor,
  except?: string,
): Promise<number> {
  return revokeThose(tx, deps, owner, reason, actor, (those) =>
    those.$if(except !== undefined, (query) => query.where('id', '<>', except ?? '')),
  )
}

type Those = ReturnType<typeof livingSessions>

/** Revokes the living sessions of an account, or some of them. */
async function revokeThose(
  tx: Tx,
  deps: EndingNeeds,
  { id, uid }: Owner,
  reason: EndReason,
  actor: Actor,
  choose: (all: Those) => Those,
): Promise<number> {
  const { numUpdatedRows } = await choose(livingSessions(tx, id))
    .set({ revoked_at: deps.now(), revoked_reason: reason })
    .executeTakeFirst()
  const sessions = Number(numUpdatedRows)
  if (sessions === 0) return 0
  await recordEvent(tx, deps, { action: 'session.end', actor, subject: uid, cause: reason, details: { sessions } })
  await deps.states.forgetUser(tx, id)
  return sessions
}

/**
 * Ends one of an account's own living sessions.
 * @param by the session that asks
 * @throws Failure session_not_found, also for a session of somebody else; session_revoked if it is the one that asks, and
 * something else ended it meanwhile
 */
export async function endOwnSession(
  deps: Needs,
  by: Pick<SessionState, 'account' | 'session_id'>,
  id: string,
  actor: Actor,
): Promise<void> {
  const isEnded = await inTransaction(deps.db, (tx) =>
    revokeSession(tx, deps, id, 'revoked_by_owner', actor, by.account.id),
  )
  deps.counts.ended.revoked_by_owner += Number(isEnded)
  if (!isEnded) throw new Failure(id === by.session_id ? 'session_revoked' : 'session_not_found')
}

/**
 * Ends the sessions of an account that began after another one, over the same address by the same program.
 * @param id the other one, which may be over
 * @returns how many were ended
 */
export async function revokeLikeSession(
  tx: Tx,
  deps: EndingNeeds,
  id: string,
  owner: Owner,
  actor: Actor,
): Promise<number> {
  const first = await tx.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst()
  if (!first) return 0
  return revokeThose(tx, deps, owner, 'revoked_by_owner', actor, (those) =>
    those
      .where('created_at', '>=', first.created_at)
      .where('ip', 'is not distinct from', first.ip)
      .where('user_agent', 'is not distinct from', first.user_agent),
  )
}

const livingSessions = (tx: Tx, userId: number) =>
  tx.updateTable('sessions').where('user_id', '=', userId).where('revoked_at', 'is', null)

/** Whether a session was ended for another reason than that who had it gave it up; one that is gone was not. */
export async function wasCutOff(tx: Tx, id: string): Promise<boolean> {
  const session = await tx
    .selectFrom('sessions')
    .select('revoked_reason')
    .where('id', '=', id)
    .where('revoked_at', 'is not', null)
    .executeTakeFirst()
  return session !== undefined && session.revoked_reason !== 'logout'
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
