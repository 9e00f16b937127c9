import type { Actor } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import type { Needs as MailNeeds } from '../by-mail/needs.ts'
import { replacePassword } from '../by-mail/new-password.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { forgetDevices } from '../devices/device.ts'
import { Failure } from '../errors.ts'
import { checkPassword, findHashForChange } from '../passwords/password.ts'
import { checkNewPassword } from '../passwords/rules.ts'
import type { PasswordChange } from '../passwords/schema.ts'
import { isAlive, revokeSessions } from '../sessions/end.ts'
import type { SessionState } from '../sessions/states.ts'

type Needs = MailNeeds & Pick<Deps, 'counts' | 'db' | 'hasher' | 'passwordLists' | 'states' | 'throttle'>

/**
 * Changes the password of the account behind a session; every other session of the account ends, and every device but the
 * one that asks is a stranger.
 * @throws Failure current_password_wrong, one of `PASSWORD_CODES`, session_revoked, rate_limited,
 * overloaded
 */
export async function changePassword(
  deps: Needs,
  { account, session_id }: SessionState,
  { current_password, new_password }: PasswordChange,
  actor: Actor,
): Promise<void> {
  await checkNewPassword(deps, new_password, account, 'new_password')
  const from = { ...actor.origin, account: `id ${account.id}` }
  const checked = await deps.throttle.run([['session', session_id]], async () => {
    const hash = await checkPassword(deps, account.id, current_password, from)
    if (hash !== undefined) return hash
    const failure = 'current_password_wrong'
    await recordEvent(deps.db, deps, { action: 'password.change', actor, subject: account.uid, failure })
    throw new Failure(failure)
  })
  const hash = await deps.hasher.hash(new_password, from)
  const ended = await inTransaction(deps.db, async (tx) => {
    // of two changes that started from one password, the second must not win over the first
    if ((await findHashForChange(tx, account.id)) !== checked) throw new Failure('current_password_wrong')
    // hashing takes long enough for the session to end meanwhile
    if (!(await isAlive(tx, session_id))) throw new Failure('session_revoked')
    await replacePassword(tx, deps, account, hash, actor.origin)
    await forgetDevices(tx, deps, account.id, actor.origin)
    // the session that goes on may be remembered with an address that is dropped
    await deps.states.forgetUser(tx, account.id)
    await recordEvent(tx, deps, { action: 'password.change', actor, subject: account.uid })
    return revokeSessions(tx, deps, account, 'password_changed', actor, session_id)
  })
  deps.counts.ended.password_changed += ended
}
