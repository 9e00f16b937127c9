/** Accounts at which strangers have guessed too often: who is told, and how the waits end before their time. */
import { createHash } from 'node:crypto'
import { type Account, findById, getAccount } from '../accounts/account.ts'
import { foldIdentifier } from '../accounts/identifiers.ts'
import { provedMailboxOf } from '../accounts/mailbox.ts'
import type { Actor, Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { welcomeDevice } from '../devices/device.ts'
import { Failure } from '../errors.ts'
import { enqueueMail } from '../mail/enqueue.ts'
import type { LedgerNeeds } from '../mail/ledger.ts'
import { linkTo } from '../mail/links.ts'
import { NOTICE } from '../mail/messages.ts'
import { issueProof, redeemProof } from '../proofs/proof.ts'
import type { Target } from '../throttling/throttle.ts'

const HOUR = 3_600_000

/** The owner is told once in so long, in ms. */
const TELL_AGAIN = 6 * HOUR

/** How long the link in that message is good, in ms. */
const UNLOCK_TTL = 24 * HOUR

/** Who may be tried by what was typed: whether anybody has that name makes no difference. */
export function targetOfName(identifier: string): Target {
  // a digest: what people type is not for others to read
  return ['name', createHash('sha256').update(foldIdentifier(identifier)).digest('base64url')]
}

/** Tells the owner that strangers are kept waiting, with a link that lets them in, and records it. */
export async function tellLocked(
  deps: Pick<Deps, 'audit' | 'config' | 'db' | 'ephemeral' | 'mailer' | 'now'>,
  account: Account,
  origin: Origin,
): Promise<void> {
  const { count } = await deps.ephemeral.count(`locked:${account.uid}`, TELL_AGAIN)
  if (count > 1) return
  await inTransaction(deps.db, async (tx) => {
    await recordEvent(tx, deps, { action: 'account.lock', actor: { origin }, subject: account.uid })
    await sendUnlock(tx, deps, account)
  })
}

async function sendUnlock(tx: Tx, deps: LedgerNeeds, account: Account): Promise<void> {
  const to = provedMailboxOf(account)
  if (!to) return
  const at = deps.now()
  const { id, uid, locale } = account
  const bound = { email: to.address }
  await enqueueMail(tx, deps, {
    to,
    payer: NOTICE,
    uid,
    locale,
    template: 'locked',
    facts: { at },
    issue: async () => {
      const token = await issueProof(tx, deps, { purpose: 'unlock', user_id: id, bound, ttl: UNLOCK_TTL })
      return { link: linkTo(deps, 'unlock', token), expires_at: at + UNLOCK_TTL }
    },
  })
}

/** Lets everybody try the account's password as if nobody had. */
export async function unlockAccount(
  deps: Pick<Deps, 'audit' | 'db' | 'now' | 'throttle'>,
  uid: string,
  actor: Actor,
): Promise<void> {
  const account = await getAccount(deps.db, uid)
  await recordEvent(deps.db, deps, { action: 'account.unlock', actor, subject: uid })
  await forgetTries(deps, account)
}

/**
 * The same for who has the link of the message. Strangers may guess on at once, so the device of who has the link is known
 * from now on, and not kept waiting by them.
 * @returns the token of the device; undefined where it has one
 * @throws Failure one_time_token_invalid
 */
export async function unlockByLink(
  deps: Pick<Deps, 'audit' | 'db' | 'keys' | 'now' | 'throttle'>,
  token: string,
  origin: Origin,
): Promise<string | undefined> {
  const { account, device } = await inTransaction(deps.db, async (tx) => {
    const proof = await redeemProof(tx, deps, 'unlock', token)
    const account = proof && (await findById(tx, proof.user_id ?? 0))
    if (!account || account.email !== proof.bound['email']) throw new Failure('one_time_token_invalid')
    await recordEvent(tx, deps, { action: 'account.unlock', actor: { uid: account.uid, origin }, subject: account.uid })
    return { account, device: await welcomeDevice(tx, deps, account.id, origin) }
  })
  await forgetTries(deps, account)
  return device.token
}

/** An account can be tried by its name and by its address. */
async function forgetTries(
  { throttle }: Pick<Deps, 'throttle'>,
  { username, email, pending_email }: Account,
): Promise<void> {
  await throttle.forget([username, email, pending_email].filter((name) => name !== null).map(targetOfName))
}
