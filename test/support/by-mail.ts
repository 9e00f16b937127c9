/** What strangers ask for by mail: granted at once rather than at the next beat. */
import { existsSync, readdirSync } from 'node:fs'
import { findByIdentifier } from '../../src/accounts/account.ts'
import { proveAddress } from '../../src/by-mail/take-address.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { type Person, post, registerSomebody, type TestApp } from './app.ts'
import { type Mail, mailsOf, mailTo } from './mail.ts'
import { eventually } from './wait.ts'

/** Registers somebody who has proved their address, without a message that would have to be read. */
export async function registerProved(app: TestApp, more: Record<string, unknown> = {}): Promise<Person> {
  const person = await registerSomebody(app, more)
  await proveFor(app, person.email)
  return person
}

/** Proves the address of an account. */
export async function proveFor(app: TestApp, email: string): Promise<void> {
  await inTransaction(app.db, async (tx) => {
    const account = await findByIdentifier(tx, email)
    if (!account) throw new Error('nobody has this address')
    await proveAddress(tx, app, account, { uid: account.uid, origin: { ip: undefined, user_agent: undefined } })
  })
}

/** Asks for a message and waits for it. @param count which of several to that address */
export async function askFor(app: TestApp, url: string, email: string, template: string, count = 1): Promise<Mail> {
  const response = await post(app, url, { email })
  if (response.statusCode !== 202) throw new Error(`${url} answered ${response.body}`)
  await app.mailRequests.settle()
  return mailTo(app, template, email, count)
}

/** How many messages there are when nothing waits any more. */
export async function countMails(app: TestApp): Promise<number> {
  await app.mailRequests.settle()
  await eventually(async () => (await app.db.selectFrom('outbox').select('id').execute()).length === 0)
  const folder = app.environment['MAIL_DIR'] ?? ''
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.eml')).length : 0
}

/** The addresses that messages of a template went to, in order. */
export async function recipientsOf(app: TestApp, template: string): Promise<string[]> {
  await countMails(app)
  return (await mailsOf(app, template)).map(({ recipient }) => recipient)
}
