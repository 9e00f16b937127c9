/** Who may make an account, and how: what `REGISTRATION` says. */
import type { Account } from '../accounts/account.ts'
import { foldIdentifier, isSameMailbox } from '../accounts/identifiers.ts'
import type { Origin } from '../audit/actor.ts'
import type { Needs as MailNeeds } from '../by-mail/needs.ts'
import { judgeRequester, type Shown } from '../by-mail/requester.ts'
import type { WantedAccount } from '../by-mail/requests.ts'
import type { EmailVerification, Noted } from '../by-mail/schema.ts'
import { takeAddress } from '../by-mail/take-address.ts'
import type { ProofNeeds } from '../by-mail/verify-address.ts'
import { inTransaction } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { findAsked, type Proof, peekProof, redeemProof } from '../proofs/proof.ts'
import { digestOfRequest, makeRequestToken } from '../proofs/request-token.ts'
import type { TokenPair } from '../sessions/schema.ts'
import { hashNew, type NewAccount, openAccount, openAccountAndSession, writeAccount } from './open-account.ts'
import type { Registration } from './schema.ts'
import { tokensOf } from './sign-in.ts'

type Needs = MailNeeds &
  Pick<Deps, 'counts' | 'db' | 'hasher' | 'keys' | 'mailRequests' | 'passwordLists' | 'purse' | 'states'>

/** What tells who registered from others when the address is proved, and the tokens of a session that has begun. */
export interface Registered extends Pick<Noted, 'request_token'> {
  tokens?: TokenPair | undefined
}

/**
 * Registers a person as `REGISTRATION` says, and signs them in where that can be done at once.
 * @returns the tokens of the first session too, but where a message has to be read before
 * @throws Failure one of `PASSWORD_CODES`, overloaded, registration_closed; username_taken, email_taken where anyone may register
 */
export async function register(deps: Needs, registration: Registration, origin: Origin): Promise<Registered> {
  if (deps.config.registration === 'verify-first') return requestAccount(deps, registration, origin)
  requireOpenRegistration(deps)
  const request_token = makeRequestToken()
  const opened = await openAccountAndSession(deps, registration, origin, { request: digestOfRequest(request_token) })
  return { request_token, tokens: opened && tokensOf(deps, opened) }
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
async function requestAccount(
  deps: Needs,
  { password, ...profile }: Registration,
  origin: Origin,
): Promise<Registered> {
  const hash = await hashNew(deps, password, profile, { origin })
  return { request_token: await deps.mailRequests.note({ kind: 'registration', ...profile, hash }, origin) }
}

/**
 * Makes the account of a registration whose link has been opened, for whoever registered; somebody else who reads the mail
 * sets a password of their own. A name that is taken leaves the link good for another.
 * @returns whether the token was one for that
 * @throws Failure username_taken, email_taken; what `judgeRequester` throws
 */
export async function completeRegistration(
  deps: ProofNeeds,
  { token, username }: Pick<EmailVerification, 'token' | 'username'>,
  shown: Shown,
  origin: Origin,
): Promise<boolean> {
  const link = await peekProof(deps, 'registration', token)
  if (!link) return false
  const { hash, email, ...profile } = await chooseWanted(deps, link, token, shown, origin)
  return inTransaction(deps.db, async (tx) => {
    if (!(await redeemProof(tx, deps, 'registration', token))) return false
    await takeAddress(tx, deps, email, undefined, { origin })
    const draft = {
      profile: { ...profile, email, ...(username && { username }) },
      hash,
      roles: ['user' as const],
      verified: true,
    }
    await writeAccount(tx, deps, draft, { origin })
    return true
  })
}

/** The registration of whoever uses the link: several people can have registered with one address. */
async function chooseWanted(
  deps: ProofNeeds,
  link: Proof,
  token: string,
  shown: Shown,
  origin: Origin,
): Promise<Omit<WantedAccount, 'silent'>> {
  const wanted = wantedOf(link)
  const isOwn = shown.new_password === undefined && shown.request !== undefined
  const own = isOwn && (await findAsked(deps, 'registration', foldIdentifier(wanted.email), shown.request ?? ''))
  // what an identifier has in common two mailboxes may have: the link proves the one that it was sent to
  if (own && isSameMailbox(wantedOf(own).email, wanted.email)) return wantedOf(own)
  const { hash } = wanted
  const about = { token, request: link.request, user_id: null, hash, owner: wanted }
  const requester = await judgeRequester(deps, about, shown, origin)
  if (requester.asked_for_it) return wanted
  // what somebody else called themselves is no name for who did not register
  const { name: _, ...others } = wanted
  return { ...others, hash: requester.new_hash }
}

const wantedOf = ({ bound }: Proof) => bound as unknown as Omit<WantedAccount, 'silent'>
