/** Where mail goes, and what is known of who reads it. */
import { type Account, nameOf } from './account.ts'

/** An address that somebody has typed; who reads it may be a stranger, and is told nothing that others have written. */
export interface UnprovedMailbox {
  address: string
  isProved: false
}

/** An address that the owner of an account has proved; its messages may say what they call themselves. */
export interface ProvedMailbox {
  address: string
  isProved: true
  name: string | undefined
}

export type Mailbox = UnprovedMailbox | ProvedMailbox

/** Where an account is sent what somebody asks for; undefined where it has no address. */
export function mailboxOf(account: Account): Mailbox | undefined {
  if (account.email === null) return undefined
  return provedMailboxOf(account) ?? unproved(account.email)
}

/** Where an account is told what happened to it; undefined where nobody has proved that they read there. */
export function provedMailboxOf(account: Account): ProvedMailbox | undefined {
  const { email, email_verified_at } = account
  if (email === null || email_verified_at === null) return undefined
  return { address: email, isProved: true, name: nameOf(account) }
}

/** An address that is no account's, or not yet. */
export function unproved(address: string): UnprovedMailbox {
  return { address, isProved: false }
}
