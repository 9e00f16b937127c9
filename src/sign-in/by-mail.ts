/** Signing in without a password: by a link or a code that was sent to the address of the account. */
import { type Account, findByIdentifier, findByIdForChange } from '../accounts/account.ts'
import { foldMailbox, isSameMailbox } from '../accounts/identifiers.ts'
import type { Origin } from '../audit/actor.ts'
import { recordEvent } from '../audit/record.ts'
import { dismissClaimant } from '../by-mail/claimant.ts'
import type { Needs as MailNeeds } from '../by-mail/needs.ts'
import { redeemOfAccount } from '../by-mail/redeem.ts'
import { proveAddress } from '../by-mail/take-address.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { findDevice } from '../devices/device.ts'
import { Failure } from '../errors.ts'
import { redeemCode, tryCode } from '../proofs/code.ts'
import { digestOfRequest } from '../proofs/request-token.ts'
import type { TokenPair } from '../sessions/schema.ts'
import { isLocked } from '../throttling/spacings.ts'
import { type Target, targetOfDevice, targetsOfAddress } from '../throttling/throttle.ts'
import { beginSession } from './begin-session.ts'
import { targetOfName, tellLocked } from './lock.ts'
import type { CodeCredentials } from './schema.ts'
import { type OpenedSession, tokensOf } from './sign-in.ts'

type Needs = MailNeeds & Pick<Deps, 'counts' | 'db' | 'keys' | 'states'>

/** A session that has just begun, and how many ended for it. */
type Opened = OpenedSession & { ended: number }

/**
 * Signs in who has the link. Whoever reads an address has proved it.
 * @throws Failure one_time_token_invalid
 */
export async function signInByLink(deps: Needs, token: string, origin: Origin): Promise<TokenPair> {
  const opened = await inTransaction(deps.db, async (tx) => {
    const redeemed = await redeemOfAccount(tx, deps, 'sign-in', token)
    if (!redeemed || redeemed.account.email_key !== redeemed.bound['email_key'])
      throw new Failure('one_time_token_invalid')
    return openFor(tx, deps, redeemed.account, origin, 'link')
  })
  return finish(deps, opened)
}

type CodeNeeds = Needs & Pick<Deps, 'ephemeral' | 'gate' | 'later' | 'throttle'>

/**
 * Signs in who has the code. Wrong ones are counted where wrong passwords are. What is tried at a name makes passwords wait
 * there, and no codes: each request has tries of its own, which nobody else can use up.
 * @throws Failure sign_in_code_invalid for every cause, rate_limited, challenge_required
 */
export async function signInByCode(deps: CodeNeeds, credentials: CodeCredentials, origin: Origin): Promise<TokenPair> {
  const found = await findByIdentifier(deps.db, credentials.email)
  const device = await findDevice(deps.db, deps, found?.id, origin)
  const targets: readonly Target[] = device ? [targetOfDevice(found?.uid, device)] : targetsOfAddress(origin.ip)
  const opened = await deps.throttle.run(
    targets,
    async () => {
      if (!device) await deps.gate.pass(origin.proof_of_work)
      const opened = await openByCode(deps, found, credentials, origin)
      if (opened) return opened
      await noteWrongCode(deps, found, credentials.email, { origin, isKnown: device !== undefined })
      throw new Failure('sign_in_code_invalid')
    },
    () => deps.gate.note(true),
  )
  deps.gate.note(false)
  return finish(deps, opened)
}

/** @returns undefined where the code is not right */
async function openByCode(
  deps: Needs,
  found: Account | undefined,
  { email, code, request_token }: CodeCredentials,
  origin: Origin,
): Promise<Opened | undefined> {
  // a code is of the mailbox that it was sent to, which may not be what the account has by now
  const address = foldMailbox(found?.email ?? email)
  const request = request_token === undefined ? undefined : digestOfRequest(request_token)
  if (!(await tryCode(deps, { address, request, ip: origin.ip }, code))) return undefined
  return inTransaction(deps.db, async (tx) => {
    // before the codes, as whoever changes the account goes about it
    const account = await findByIdForChange(tx, found?.id ?? 0)
    const isIts = account && account.disabled_at === null && isSameMailbox(account.email, address)
    // undone, or the codes of a newer request would be void
    if (!isIts || !(await redeemCode(tx, deps, address, code))) throw new Failure('sign_in_code_invalid')
    return openFor(tx, deps, account, origin, 'otp')
  })
}

/** Records a wrong code and counts it at the name, whether or not anybody has that. */
async function noteWrongCode(
  deps: CodeNeeds,
  account: Account | undefined,
  email: string,
  { origin, isKnown }: { origin: Origin; isKnown: boolean },
): Promise<void> {
  const failure = 'sign_in_code_invalid'
  const details = { means: 'code' }
  await recordEvent(deps.db, deps, {
    action: 'session.start',
    actor: { origin },
    subject: account?.uid,
    failure,
    details,
  })
  if (isKnown) return
  const tries = await deps.throttle.charge(targetOfName(email))
  if (account && isLocked(tries)) deps.later(() => tellLocked(deps, account, origin))
}

const MEANS = { link: 'link', otp: 'code' } as const

async function openFor(
  tx: Tx,
  deps: Needs,
  account: Account,
  origin: Origin,
  amr: keyof typeof MEANS,
): Promise<Opened> {
  const actor = { uid: account.uid, origin }
  const ended = account.email_verified_at === null ? await dismissClaimant(tx, deps, account, actor) : 0
  await proveAddress(tx, deps, account, actor)
  return { account, ended, ...(await beginSession(tx, deps, account, origin, { amr, means: MEANS[amr] })) }
}

async function finish(deps: Needs, opened: Opened): Promise<TokenPair> {
  deps.counts.ended.password_changed += opened.ended
  return tokensOf(deps, opened)
}
