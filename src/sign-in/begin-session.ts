import type { Account } from '../accounts/account.ts'
import type { Origin } from '../audit/actor.ts'
import type { SessionRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { type Arrival, welcomeDevice } from '../devices/device.ts'
import { tellNewDevice } from '../devices/notice.ts'
import { makeRoom } from '../sessions/caps.ts'
import { type Amr, insertSession, kindOf, type Means } from '../sessions/session.ts'

/** A session that has just begun. */
export interface BegunSession {
  session: SessionRow
  /** for a device that was not known, to keep */
  device_token: string | undefined
}

/**
 * Begins a session, in the transaction that has made sure that the account may have one and holds on to it: its device is
 * known from now on, and the owner is told of a new one. Where the account has too many sessions, the idlest ends.
 * @param how how long it lasts at the most, in ms, how its owner has proved who they are, and by what
 * it begins
 */
export async function beginSession(
  tx: Tx,
  deps: Pick<Deps, 'audit' | 'config' | 'counts' | 'keys' | 'mailer' | 'now' | 'states'>,
  account: Account,
  origin: Origin,
  how: { life?: number | undefined; amr?: Amr; means?: Means } = {},
): Promise<BegunSession> {
  await makeRoom(tx, deps, account, kindOf(how.life), origin)
  const session = await insertSession(tx, deps, account, origin, how)
  const arrival = await welcomeDevice(tx, deps, account.id, origin)
  if (arrival.isNew || isUnseen(account, arrival)) await tellNewDevice(tx, deps, account, session, arrival)
  return { session, device_token: arrival.token }
}

/** Whoever has the password of an account that was brought in may be somebody else than its owner, from the first time on. */
function isUnseen({ imported_at, email_verified_at }: Account, { isFirst }: Arrival): boolean {
  return isFirst && imported_at !== null && email_verified_at !== null
}
