/** What becomes of requests for mail, once it is known whether anybody has the address. */
import { type Account, findByIdentifier, findByIdForChange } from '../accounts/account.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { type AskedPayer, payerOf } from '../mail/messages.ts'
import type { Needs as MailNeeds } from './needs.ts'
import { sendRegistration } from './register.ts'
import type { Asker, Grant, Wanted } from './requests.ts'
import { sendPasswordReset } from './reset-password.ts'
import { sendSignInCode, sendSignInLink } from './sign-in-mail.ts'
import { sendVerification } from './verify-address.ts'

type Needs = MailNeeds & Pick<Deps, 'keys'>

/** Makes what grants requests. */
export function createGrant(deps: Needs): Grant {
  return async (tx, wanted, asker) => {
    const account = await holdNamed(tx, wanted.email)
    const payer = payerFor(account, asker)
    if (wanted.kind === 'registration') {
      const { kind: _, ...profile } = wanted
      return sendRegistration(tx, deps, profile, account, { request: asker.request, payer })
    }
    // a disabled account is sent nothing
    const enabled = account?.disabled_at === null ? account : undefined
    if (wanted.kind === 'sign-in-code') return sendSignInCode(tx, deps, wanted.email, enabled, { ...asker, payer })
    if (enabled) await sendLink(tx, deps, enabled, wanted.kind, { ...asker, payer })
  }
}

/** An owner on a device of theirs pays for themselves, so that strangers can use up nothing of it. */
function payerFor(account: Account | undefined, { owner }: Asker): AskedPayer {
  // the address may have become another account's since
  return payerOf({ uid: account?.uid === owner ? owner : undefined })
}

/** The account that goes by an address, and by no other before its link is made: that proves where it was sent. */
async function holdNamed(tx: Tx, email: string): Promise<Account | undefined> {
  const named = await findByIdentifier(tx, email)
  const held = named && (await findByIdForChange(tx, named.id))
  return held?.email_key === named?.email_key ? held : undefined
}

async function sendLink(
  tx: Tx,
  deps: Needs,
  account: Account,
  kind: Exclude<Wanted['kind'], 'registration' | 'sign-in-code'>,
  { origin, payer }: Asker & { payer: AskedPayer },
): Promise<void> {
  if (kind === 'email-verify') await sendVerification(tx, deps, account, payer)
  else if (kind === 'password-reset') await sendPasswordReset(tx, deps, account, origin, payer)
  else await sendSignInLink(tx, deps, account, origin, payer)
}
