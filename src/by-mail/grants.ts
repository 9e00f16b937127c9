/** What becomes of requests for mail, once it is known whether anybody has the address. */
import { type Account, findByIdentifier } from '../accounts/account.ts'
import type { Origin } from '../audit/actor.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import type { Needs as MailNeeds } from './needs.ts'
import { sendRegistration } from './register.ts'
import type { Grant, Wanted } from './requests.ts'
import { sendPasswordReset } from './reset-password.ts'
import { sendSignInCode, sendSignInLink } from './sign-in-mail.ts'
import { sendVerification } from './verify-address.ts'

type Needs = MailNeeds & Pick<Deps, 'keys'>

/** Makes what grants requests. */
export function createGrant(deps: Needs): Grant {
  return async (tx, wanted, { origin, request }) => {
    const account = await findByIdentifier(tx, wanted.email)
    if (wanted.kind === 'registration') {
      const { kind: _, ...profile } = wanted
      return sendRegistration(tx, deps, profile, account, request)
    }
    // a disabled account is sent nothing
    const enabled = account?.disabled_at === null ? account : undefined
    if (wanted.kind === 'sign-in-code') return sendSignInCode(tx, deps, wanted.email, enabled, { origin, request })
    if (enabled) await sendLink(tx, deps, enabled, wanted.kind, origin)
  }
}

async function sendLink(
  tx: Tx,
  deps: Needs,
  account: Account,
  kind: Exclude<Wanted['kind'], 'registration' | 'sign-in-code'>,
  origin: Origin,
): Promise<void> {
  if (kind === 'email-verify') await sendVerification(tx, deps, account, { purse: 'strangers' })
  else if (kind === 'password-reset') await sendPasswordReset(tx, deps, account, origin)
  else await sendSignInLink(tx, deps, account, origin)
}
