/** Proving once more who one is, in a session that goes on: what sensitive calls ask for (RFC 9470). */
import type { Actor } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { SessionRow } from '../db/schema.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { checkPassword } from '../passwords/password.ts'
import type { TokenPair } from '../sessions/schema.ts'
import { type Amr, issueTokens } from '../sessions/session.ts'
import type { SessionState } from '../sessions/states.ts'

type Needs = Pick<Deps, 'audit' | 'config' | 'db' | 'hasher' | 'keys' | 'now' | 'states' | 'throttle'>

/**
 * Proves by the password who it is that asks.
 * @returns tokens of the same session, of which the access token tells of the proof; the refresh token stays the same, so
 * that a lost answer ends nothing
 * @throws Failure current_password_wrong, also for an account without a password; session_revoked, rate_limited, overloaded
 */
export async function reauthenticateByPassword(
  deps: Needs,
  { account, session_id }: SessionState,
  password: string,
  actor: Actor,
): Promise<TokenPair> {
  const from = { ...actor.origin, account: `id ${account.id}` }
  await deps.throttle.run([['session', session_id]], async () => {
    if ((await checkPassword(deps, account.id, password, from)) !== undefined) return
    const failure = 'current_password_wrong'
    await recordEvent(deps.db, deps, { action: 'session.reauthenticate', actor, subject: account.uid, failure })
    throw new Failure(failure)
  })
  const session = await renewProof(deps, session_id, 'pwd', account.uid, actor)
  return issueTokens(deps, session, account.uid)
}

/**
 * Notes that the owner of a session has proved who they are, on every node.
 * @throws Failure session_revoked when it has ended meanwhile
 */
async function renewProof(deps: Needs, id: string, amr: Amr, uid: string, actor: Actor): Promise<SessionRow> {
  return inTransaction(deps.db, async (tx) => {
    const renewed = await tx
      .updateTable('sessions')
      .set({ authenticated_at: deps.now(), amr })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returningAll()
      .executeTakeFirst()
    if (!renewed) throw new Failure('session_revoked')
    await recordEvent(tx, deps, { action: 'session.reauthenticate', actor, subject: uid, cause: amr })
    await deps.states.forgetSession(tx, id)
    return renewed
  })
}
