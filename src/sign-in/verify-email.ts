import type { Origin } from '../audit/actor.ts'
import type { EmailVerification } from '../by-mail/schema.ts'
import { verifyAddress } from '../by-mail/verify-address.ts'
import { Failure } from '../errors.ts'
import { completeRegistration } from './register.ts'

/**
 * Proves an address by the link that was sent to it; where that link is one of a registration, the account is made.
 * @throws Failure one_time_token_invalid; username_taken and email_taken when the account is to be made
 */
export async function verifyEmail(
  deps: Parameters<typeof verifyAddress>[0],
  verification: EmailVerification,
  origin: Origin,
): Promise<void> {
  const isDone =
    (await verifyAddress(deps, verification.token, origin)) || (await completeRegistration(deps, verification, origin))
  if (!isDone) throw new Failure('one_time_token_invalid')
}
