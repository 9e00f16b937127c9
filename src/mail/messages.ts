/** The messages there are, what each has to be told, and who may cause it. */
import type { Mailbox, ProvedMailbox } from '../accounts/mailbox.ts'

/** A link that works for a while. */
interface Linked {
  link: string
  /** epoch ms */
  expires_at: number
}

/** What somebody did. */
interface Act {
  /** epoch ms */
  at: number
  ip?: string | null | undefined
  user_agent?: string | null | undefined
}

/** Notices of one kind that came together. */
export interface Gathered {
  kind: Notice
  count: number
  first: number
  /** the last of them */
  last: Act
}

/** What each template says beside what its link or code is; strings are shown as text and never as markup. */
interface Facts {
  'email-change-confirm': object
  'email-changed': { at: number; new_email: string }
  'email-released': { at: number; email: string }
  'email-verify': object
  invitation: object
  locked: { at: number }
  'new-device': Act
  'password-changed': Act
  'password-reset': object
  'registration-attempt': { at: number }
  /** in the order of the last of each kind; the link takes the last change of address back */
  'security-digest': { gathered: readonly Gathered[]; undo?: Linked | undefined }
  'sign-in-code': object
  'sign-in-link': object
}

/** What must not come to be unless the message is sent: it makes void what was sent before. */
export interface Issued {
  /** to the new address: does it belong to whoever asked? */
  'email-change-confirm': Linked
  /** to the old address; the link takes the change back */
  'email-changed': Linked
  /** to the proved address: another account has proved the one that this account went by */
  'email-released': object
  'email-verify': Linked
  invitation: Linked
  /** the link ends the lock */
  locked: Linked
  /** the link ends the session */
  'new-device': Linked
  'password-changed': object
  'password-reset': Linked
  /** to the owner of an address that somebody tried to register anew */
  'registration-attempt': object
  /** notices that were too many to be sent one by one */
  'security-digest': object
  'sign-in-code': { code: string; expires_at: number }
  'sign-in-link': Linked
}

/** The name of a message. */
export type Template = keyof Issued

/** Each template and all of its data; the name is what to call the person, and only ever said where they have proved to read. */
export type MessageData = { [T in Template]: Facts[T] & Issued[T] & { name?: string | null | undefined } }

/** All of them, in alphabetical order. */
export const TEMPLATES = [
  'email-change-confirm',
  'email-changed',
  'email-released',
  'email-verify',
  'invitation',
  'locked',
  'new-device',
  'password-changed',
  'password-reset',
  'registration-attempt',
  'security-digest',
  'sign-in-code',
  'sign-in-link',
] as const satisfies readonly Template[]

/**
 * Out of which purses a message is paid, so that none is ever empty because of another: `strangers`, what anybody may ask
 * for; `members`, what the signed-in ask for, and who asks on a device that their account knows; `notices`, what an account
 * is told of itself. Nobody asks for a digest.
 */
export const PURSES = {
  'email-change-confirm': ['members'],
  'email-changed': ['notices'],
  'email-released': ['notices'],
  'email-verify': ['strangers', 'members'],
  invitation: ['members'],
  locked: ['notices'],
  'new-device': ['notices'],
  'password-changed': ['notices'],
  'password-reset': ['strangers', 'members'],
  'registration-attempt': ['strangers', 'members'],
  'security-digest': [],
  'sign-in-code': ['strangers', 'members'],
  'sign-in-link': ['strangers', 'members'],
} as const satisfies Record<Template, readonly Purse[]>

/** Who pays for a message: whoever caused it. */
export type Payer =
  | { purse: 'strangers' }
  /** `account`: the uid of who asks; undefined for the operator, who may write to as many as they like */
  | { purse: 'members'; account: string | undefined }
  | { purse: 'notices' }
export type Purse = Payer['purse']

/** Who pays for what somebody asks for. */
export type AskedPayer = Exclude<Payer, { purse: 'notices' }>

/** The templates that tell an account what happened to it. */
export type Notice = { [T in Template]: 'notices' extends (typeof PURSES)[T][number] ? T : never }[Template]

/** A message to be sent. */
export interface Message<T extends Template> {
  /** notices go to nobody who has not proved that they read there */
  to: T extends Notice ? ProvedMailbox : Mailbox
  payer: Extract<Payer, { purse: (typeof PURSES)[T][number] }>
  /** whose it is; null where there is no account */
  uid: string | null
  /** the account's, BCP 47; null: the service's own */
  locale: string | null
  template: T
  facts: Facts[T]
  /** Makes the link or the code, once it is known that the message is sent. Only database calls. */
  issue: () => Promise<Issued[T]>
}

/** For messages without link and code. */
export const issueNothing = async (): Promise<object> => ({})

/** Notices pay for themselves. */
export const NOTICE = { purse: 'notices' } as const

/**
 * Who pays for what somebody asks for.
 * @param uid of who is signed in; `operator` and `system` are nobody's accounts
 */
export function payerOf({ uid }: { uid?: string | undefined }): AskedPayer {
  return uid === undefined ? { purse: 'strangers' } : memberOf(uid)
}

/** Who pays for what the signed-in ask for. */
export function memberOf(uid: string): Extract<Payer, { purse: 'members' }> {
  return { purse: 'members', account: uid === 'operator' || uid === 'system' ? undefined : uid }
}
