/** Messages that the service wrote into files, as their readers see them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import PostalMime, { type Email } from 'postal-mime'
import { inTransaction } from '../../src/db/transaction.ts'
import type { Deps } from '../../src/deps.ts'
import { enqueueMail } from '../../src/mail/enqueue.ts'
import {
  issueNothing,
  type Message,
  type MessageData,
  memberOf,
  type Payer,
  PURSES,
  type Template,
} from '../../src/mail/messages.ts'
import type { TestApp } from './app.ts'
import { eventually } from './wait.ts'

export interface Mail extends Email {
  /** the address it went to */
  recipient: string
  /** the first link in the text */
  link: string
  /** the token in that link; empty where there is none */
  token: string
}

/** Takes a message apart. */
export async function parseMail(raw: string | Uint8Array): Promise<Mail> {
  const email = await PostalMime.parse(raw)
  const [link = ''] = /https?:\S+/.exec(email.text ?? '') ?? []
  const token = link && (new URL(link).searchParams.get('token') ?? '')
  return { ...email, recipient: email.to?.[0]?.address ?? '', link, token }
}

/** Every message so far whose template has this name, oldest first; all of them without one. */
export async function mailsOf({ environment }: Pick<TestApp, 'environment'>, template?: string): Promise<Mail[]> {
  const folder = environment['MAIL_DIR'] ?? ''
  const files = (existsSync(folder) ? readdirSync(folder) : [])
    .map((name) => ({ name, parts: /^([a-z-]+)-(\d+)-.{8}\.eml$/.exec(name) }))
    .filter(({ parts }) => parts && (template === undefined || parts[1] === template))
    .sort((a, b) => Number(a.parts?.[2]) - Number(b.parts?.[2]))
  return Promise.all(files.map(({ name }) => parseMail(readFileSync(join(folder, name)))))
}

/**
 * Waits for a message of a template to an address.
 * @param count which of several
 */
export async function mailTo(
  app: Pick<TestApp, 'environment'>,
  template: string,
  address: string,
  count = 1,
): Promise<Mail> {
  let found: Mail | undefined
  await eventually(async () => {
    const mails = await mailsOf(app, template)
    found = mails.filter(({ recipient }) => recipient === address)[count - 1]
    return found !== undefined
  })
  return found as Mail
}

/** What a message needs at least. */
interface Draft<T extends Template> {
  template: T
  /** all of it: what it says, its link or code, and the name of its reader */
  data: MessageData[T]
  to?: string
  isProved?: boolean
  uid?: string
  payer?: Payer
}

/** A message as rules make one; to Ada, who has proved to read there, unless it says otherwise. */
export function messageOf<T extends Template>(draft: Draft<T>): Message<T> {
  const { template, data, to: address = 'ada@example.org', isProved = true, uid = null } = draft
  const { name, ...facts } = data
  const to = isProved ? { address, isProved, name: name ?? undefined } : { address, isProved }
  const [purse = 'strangers'] = PURSES[template] as readonly Payer['purse'][]
  const payer = draft.payer ?? (purse === 'members' ? memberOf('somebody') : { purse })
  return { to, payer, uid, locale: null, template, facts, issue: issueNothing } as unknown as Message<T>
}

/** Adds a message to the outbox in a transaction of its own. @returns whether it is sent */
export function enqueue<T extends Template>(
  deps: Pick<Deps, 'audit' | 'config' | 'db' | 'mailer' | 'now'>,
  draft: Draft<T>,
): Promise<boolean> {
  return inTransaction(deps.db, (tx) => enqueueMail(tx, deps, messageOf(draft)))
}

/** A message with a link that lasts for an hour. */
export function verification({ now }: Pick<Deps, 'now'>, token = 'a-token'): Draft<'email-verify'> {
  const link = `https://app.example.org/verify-email?token=${token}`
  return { template: 'email-verify', data: { link, expires_at: now() + 3_600_000 } }
}
