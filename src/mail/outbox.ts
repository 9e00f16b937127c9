/** Messages that wait to be sent: written with the change that causes them, sent after it. */
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'

/** The messages there are; each is a template of its own. */
export const TEMPLATES = [
  'email-change-confirm',
  'email-changed',
  'email-verify',
  'invitation',
  'locked',
  'new-device',
  'password-changed',
  'password-reset',
  'registration-attempt',
  'sign-in-code',
  'sign-in-link',
] as const
export type Template = (typeof TEMPLATES)[number]

/** A message to be sent. */
export interface Message {
  to: string
  /** the account's; the service's own where there is none */
  locale: string | null
  template: Template
  /** what the template says beside its own words; strings are shown as text and never as markup */
  data: Readonly<Record<string, string | number>>
}

/** Adds a message, in the transaction of what causes it; it leaves after the commit. */
export async function enqueueMail(
  tx: Tx,
  { now }: Pick<Deps, 'now'>,
  { to, locale, template, data }: Message,
): Promise<void> {
  const at = now()
  await tx
    .insertInto('outbox')
    .values({
      recipient: to,
      locale,
      template,
      data: JSON.stringify(data),
      created_at: at,
      due_at: at,
      attempts: 0,
    })
    .execute()
}
