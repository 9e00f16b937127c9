/** Who may make an account, and how: what `REGISTRATION` says. */
import type { Account } from '../accounts/account.ts'
import type { Origin } from '../audit/actor.ts'
import type { Needs as MailNeeds } from '../by-mail/needs.ts'
import type { WantedAccount } from '../by-mail/requests.ts'
import type { EmailVerification, Noted } from '../by-mail/schema.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { redeemProof } from '../proofs/proof.ts'
import { digestOfRequest, makeRequestToken } from '../proofs/request-token.ts'
import type { TokenPair } from '../sessions/schema.ts'
import { hashNew, type NewAccount, openAccount, openAccountAndSession, writeAccount } from './open-account.ts'
import type { Registration } from './schema.ts'
import { tokensOf } from './sign-in.ts'

type Needs = MailNeeds & Pick<Deps, 'db' | 'hasher' | 'keys' | 'mailRequests' | 'passwordLists'>

/** What tells who registered from others, where a message has to be read before. */
export type Requested = Pick<Noted, 'request_token'>

/**
 * Registers a person as `REGISTRATION` says, and signs them in where that can be done at once.
 * @returns the tokens of the first session; a request token where a message has to be read before
 * @throws Failure one of `PASSWORD_CODES`, overloaded, registration_closed; username_taken, email_taken where anyone may register
 */
export async function register(
  deps: Needs,
  registration: Registration,
  origin: Origin,
): Promise<TokenPair | Requested> {
  if (deps.config.registration === 'verify-first') return requestAccount(deps, registration, origin)
  requireOpenRegistration(deps)
  const request_token = makeRequestToken()
  const opened = await openAccountAndSession(deps, registration, origin, { request: digestOfRequest(request_token) })
  return opened ? tokensOf(deps, opened) : { request_token }
}

/**
 * Registers a person who signs in later.
 * @throws Failure username_taken, email_taken, one of `PASSWORD_CODES`, overloaded, registration_closed
 */
export async function registerOnly(deps: Needs, registration: NewAccount, origin: Origin): Promise<Account> {
  requireOpenRegistration(deps)
  return openAccount(deps, registration, { origin })
}

/**
 * For calls that know no other way than that the account is there when they are answered.
 * @throws Failure registration_closed
 */
export function requireOpenRegistration({ config }: Pick<Deps, 'config'>): void {
  if (config.registration !== 'open') throw new Failure('registration_closed')
}

/** Notes an account that is to be. Neither name nor address is looked up: the answer must tell of neither. */
async function requestAccount(deps: Needs, { password, ...profile }: Registration, origin: Origin): Promise<Requested> {
  const hash = await hashNew(deps, password, profile, { origin })
  return { request_token: await deps.mailRequests.note({ kind: 'registration', ...profile, hash }, origin) }
}

/**
 * Makes the account of a registration whose link has been opened. A name that is taken leaves the link good for another.
 * @returns whether the token was one for that
 * @throws Failure username_taken, email_taken
 */
export async function completeRegistration(
  deps: MailNeeds & Pick<Deps, 'db'>,
  { token, username }: EmailVerification,
  origin: Origin,
): Promise<boolean> {
  return inTransaction(deps.db, async (tx) => {
    const proof = await redeemProof(tx, deps, 'registration', token)
    if (!proof) return false
    const { hash, ...profile } = proof.bound as unknown as WantedAccount
    const draft = {
      profile: { ...profile, ...(username && { username }) },
      hash,
      roles: ['user' as const],
      verified: true,
    }
    await writeAccount(tx, deps, draft, { origin })
    return true
  })
}
