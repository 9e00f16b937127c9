/** The messages there are, and what each has to be told. */

/** What every message can say. */
interface Addressed {
  /** what to call the person */
  name?: string | null | undefined
}

/** A message with a link that works for a while. */
interface Linked extends Addressed {
  link: string
  /** epoch ms */
  expires_at: number
}

/** What somebody did. */
interface Act extends Addressed {
  /** epoch ms */
  at: number
  ip?: string | null | undefined
  user_agent?: string | null | undefined
}

/** Each template and its data; strings are shown as text and never as markup. */
export interface MessageData {
  /** to the new address: does it belong to whoever asked? */
  'email-change-confirm': Linked
  /** to the old address; the link takes the change back */
  'email-changed': Linked & { at: number; new_email: string }
  /** to the proved address: another account has proved the one that this account went by */
  'email-released': Addressed & { at: number; email: string }
  'email-verify': Linked
  invitation: Linked
  /** the link ends the lock */
  locked: Linked & { at: number }
  /** the link ends the session */
  'new-device': Linked & Act
  'password-changed': Act
  'password-reset': Linked
  /** to the owner of an address that somebody tried to register anew */
  'registration-attempt': Addressed & { at: number }
  'sign-in-code': Addressed & { code: string; expires_at: number }
  'sign-in-link': Linked
}

/** The name of a message. */
export type Template = keyof MessageData

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
  'sign-in-code',
  'sign-in-link',
] as const satisfies readonly Template[]

/** A message to be sent. */
export interface Message<T extends Template> {
  to: string
  /** whose it is; null where there is no account */
  uid: string | null
  /** the account's, BCP 47; null: the service's own */
  locale: string | null
  template: T
  data: MessageData[T]
}
