/**
 * Who uses a link: whoever asked for what it does, or somebody who only reads the mail. A link proves the mailbox, and never
 * who chose the password of the account that it is about.
 */
import { createHash } from 'node:crypto'
import type { Origin } from '../audit/actor.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { findHashForChange } from '../passwords/password.ts'
import { checkNewPassword, type Owner } from '../passwords/rules.ts'
import { isAlive } from '../sessions/end.ts'
import type { SessionState } from '../sessions/states.ts'

/** What is shown beside a link. */
export interface Shown {
  /** the one that was chosen when it was asked for */
  password?: string | undefined
  /** of who says that they chose none */
  new_password?: string | undefined
  /** the living session that asks */
  session?: SessionState | undefined
  /** the digest of a request token */
  request?: string | undefined
}

/** What there is to hold that against. */
export interface Link {
  token: string
  /** the digest of the request token that whoever asked for it was given */
  request: string | null
  /** the account that it is about; null where there is none yet */
  user_id: number | null
  /** of the password; undefined where there is none */
  hash: string | undefined
  /** whose password a new one would be */
  owner: Owner
}

/** Who it is, and what must still be so when the change is made. */
export type Requester =
  | { asked_for_it: true; session_id?: string | undefined; checked?: string | undefined }
  | { asked_for_it: false; new_hash: string }

type Needs = Pick<Deps, 'config' | 'hasher' | 'passwordLists' | 'throttle'>

/**
 * Finds out who uses a link; the token alone tells nothing.
 * @throws Failure requester_unproved, current_password_wrong, one of `PASSWORD_CODES`, rate_limited, overloaded
 */
export async function judgeRequester(deps: Needs, link: Link, shown: Shown, origin: Origin): Promise<Requester> {
  const from = { ...origin, account: link.user_id === null ? `link ${nameOf(link)}` : `id ${link.user_id}` }
  if (shown.new_password !== undefined) {
    await checkNewPassword(deps, shown.new_password, link.owner, 'new_password')
    return { asked_for_it: false, new_hash: await deps.hasher.hash(shown.new_password, from) }
  }
  if (link.user_id !== null && shown.session?.account.id === link.user_id)
    return { asked_for_it: true, session_id: shown.session.session_id }
  if (link.request !== null && shown.request === link.request) return { asked_for_it: true }
  const { password } = shown
  if (password === undefined) throw new Failure('requester_unproved')
  await deps.throttle.run([['session', `link ${nameOf(link)}`]], async () => {
    const isRight =
      link.hash === undefined
        ? await deps.hasher.verifyNothing(password, from)
        : await deps.hasher.verify(link.hash, password, from)
    if (!isRight) throw new Failure('current_password_wrong')
  })
  return { asked_for_it: true, checked: link.hash }
}

/**
 * Makes sure that what was found out still holds: hashing takes long enough for a password to change and a session to end.
 * @throws Failure current_password_wrong, session_revoked
 */
export async function requireStill(tx: Tx, userId: number, requester: Requester): Promise<void> {
  if (!requester.asked_for_it) return
  const { checked, session_id } = requester
  if (checked !== undefined && (await findHashForChange(tx, userId)) !== checked)
    throw new Failure('current_password_wrong')
  if (session_id !== undefined && !(await isAlive(tx, session_id))) throw new Failure('session_revoked')
}

/** What a link's tries are counted by; a digest, since it is stored. */
const nameOf = ({ token }: Link) => createHash('sha256').update(token).digest('base64url')
