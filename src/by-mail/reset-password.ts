/** A forgotten password: a link by mail, and a new password for who has it. */
import { createHash } from 'node:crypto'
import { type Account, findById } from '../accounts/account.ts'
import type { Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { forgetDevices } from '../devices/device.ts'
import { Failure } from '../errors.ts'
import type { AskedPayer } from '../mail/messages.ts'
import { findHash, findHashForChange } from '../passwords/password.ts'
import { checkNewPassword } from '../passwords/rules.ts'
import { ALL_BUT_UNDO, peekProof } from '../proofs/proof.ts'
import { revokeSessions } from '../sessions/end.ts'
import { sendAccountLink } from './account-link.ts'
import type { ChangeNeeds, Needs } from './needs.ts'
import { replacePassword } from './new-password.ts'
import { endEverythingOlder } from './older.ts'
import { redeemOfAccount } from './redeem.ts'
import type { PasswordReset } from './schema.ts'
import { proveAddress } from './take-address.ts'

/** Sends the owner of an account a link by which to set a new password. */
export async function sendPasswordReset(
  tx: Tx,
  deps: Needs,
  account: Account,
  origin: Origin,
  payer: AskedPayer,
): Promise<void> {
  const bound = { password: fingerprintOf(await findHash(tx, account.id)) }
  if (!(await sendAccountLink(tx, deps, account, payer, { purpose: 'password-reset', bound }))) return
  await recordEvent(tx, deps, { action: 'password.forget', actor: { origin }, subject: account.uid })
}

/**
 * Sets a new password for who has the link. Every session of the account ends, and its other links are void.
 * A password that is refused leaves the link good.
 * @throws Failure one_time_token_invalid, one of `PASSWORD_CODES`, overloaded
 */
export async function resetPassword(
  deps: ChangeNeeds & Pick<Deps, 'counts' | 'db' | 'hasher' | 'passwordLists'>,
  { token, new_password }: PasswordReset,
  origin: Origin,
): Promise<void> {
  const proof = await peekProof(deps, 'password-reset', token)
  // before anything is hashed, which is work that not everybody may cause
  if (!proof) throw new Failure('one_time_token_invalid')
  const owner = (await findById(deps.db, proof.user_id ?? 0)) ?? {}
  await checkNewPassword(deps, new_password, owner, 'new_password')
  const hash = await deps.hasher.hash(new_password, { ...origin, account: `id ${proof.user_id}` })
  const ended = await inTransaction(deps.db, (tx) => setPassword(tx, deps, token, hash, origin))
  deps.counts.ended.password_changed += ended
}

/** The part of it that happens together or not at all. */
async function setPassword(tx: Tx, deps: ChangeNeeds, token: string, hash: string, origin: Origin): Promise<number> {
  const redeemed = await redeemOfAccount(tx, deps, 'password-reset', token)
  if (!redeemed) throw new Failure('one_time_token_invalid')
  const { account: before, bound } = redeemed
  // who has the link reads what is sent there
  const account = { ...before, email_verified_at: before.email_verified_at ?? deps.now() }
  const present = fingerprintOf(await findHashForChange(tx, account.id))
  if (bound['email_key'] !== account.email_key || bound['password'] !== present)
    throw new Failure('one_time_token_invalid')
  const actor = { uid: account.uid, origin }
  const wasUnproved = before.email_verified_at === null
  const older = wasUnproved ? (await endEverythingOlder(tx, deps, account, actor)).sessions : 0
  await replacePassword(tx, deps, account, hash, origin, ALL_BUT_UNDO)
  await forgetDevices(tx, deps, account.id)
  await proveAddress(tx, deps, before, actor)
  await recordEvent(tx, deps, { action: 'password.reset', actor, subject: account.uid })
  return older + (await revokeSessions(tx, deps, account, 'password_changed', actor))
}

/** Tells one stored hash from another; a link for one is void when there is another. */
function fingerprintOf(hash: string | undefined): string {
  return createHash('sha256')
    .update(hash ?? '')
    .digest('base64url')
}
