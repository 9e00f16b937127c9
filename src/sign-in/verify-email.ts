import type { Origin } from '../audit/actor.ts'
import type { Shown } from '../by-mail/requester.ts'
import type { EmailVerification } from '../by-mail/schema.ts'
import { type ProofNeeds, verifyAddress } from '../by-mail/verify-address.ts'
import { Failure } from '../errors.ts'
import { completeRegistration } from './register.ts'

/**
 * Proves an address by the link that was sent to it; where that link is one of a registration, the account is made.
 * @param shown what tells that it is whoever asked, beside the link
 * @throws Failure one_time_token_invalid; requester_unproved, current_password_wrong, one of `PASSWORD_CODES`, rate_limited,
 * overloaded; username_taken and email_taken when the account is to be made
 */
export async function verifyEmail(
  deps: ProofNeeds,
  { token, username }: Pick<EmailVerification, 'token' | 'username'>,
  shown: Shown,
  origin: Origin,
): Promise<void> {
  const isDone =
    (await verifyAddress(deps, token, shown, origin)) ||
    (await completeRegistration(deps, { token, ...(username !== undefined && { username }) }, shown, origin))
  if (!isDone) throw new Failure('one_time_token_invalid')
}
