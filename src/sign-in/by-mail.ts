/** Signing in without a password: by a link or a code that was sent to the address of the account. */
import { type Account, findByIdentifier, findByIdForChange } from '../accounts/account.ts'
import { foldIdentifier } from '../accounts/identifiers.ts'
import type { Origin } from '../audit/actor.ts'
import { dismissClaimant } from '../by-mail/claimant.ts'
import type { Needs as MailNeeds } from '../by-mail/needs.ts'
import { redeemOfAccount } from '../by-mail/redeem.ts'
import { proveAddress } from '../by-mail/verify-address.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { redeemCode, tryCode } from '../proofs/code.ts'
import type { TokenPair } from '../sessions/schema.ts'
import type { Amr } from '../sessions/session.ts'
import { beginSession } from './begin-session.ts'
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
    if (!redeemed || redeemed.account.email_key !== redeemed.bound['email_key']) return undefined
    return openFor(tx, deps, redeemed.account, origin, 'link')
  })
  if (!opened) throw new Failure('one_time_token_invalid')
  return finish(deps, opened)
}

/**
 * Signs in who has the code. Wrong ones are counted, and after the fifth try none is right.
 * @throws Failure sign_in_code_invalid for every cause
 */
export async function signInByCode(deps: Needs, { email, code }: CodeCredentials, origin: Origin): Promise<TokenPair> {
  const address = foldIdentifier(email)
  const opened =
    (await tryCode(deps, address, code)) &&
    (await inTransaction(deps.db, async (tx) => {
      if (!(await redeemCode(tx, deps, address, code))) return undefined
      const found = await findByIdentifier(tx, email)
      const account = found && (await findByIdForChange(tx, found.id))
      if (!account || account.disabled_at !== null || account.email_key !== address) return undefined
      return openFor(tx, deps, account, origin, 'otp')
    }))
  if (!opened) throw new Failure('sign_in_code_invalid')
  return finish(deps, opened)
}

async function openFor(tx: Tx, deps: Needs, account: Account, origin: Origin, amr: Amr): Promise<Opened> {
  const actor = { uid: account.uid, origin }
  const ended = account.email_verified_at === null ? await dismissClaimant(tx, deps, account, actor) : 0
  await proveAddress(tx, deps, account, actor)
  return { account, ended, ...(await beginSession(tx, deps, account, origin, { amr })) }
}

async function finish(deps: Needs, opened: Opened): Promise<TokenPair> {
  deps.counts.ended.password_changed += opened.ended
  return tokensOf(deps, opened)
}
