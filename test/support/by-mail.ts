/** What strangers ask for by mail: granted at once rather than at the next beat. */
import { existsSync, readdirSync } from 'node:fs'
import { post, type TestApp } from './app.ts'
import { type Mail, mailsOf, mailTo } from './mail.ts'
import { eventually } from './wait.ts'

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
  await eventually(async () => (await app.db.selectFrom('outbox').select('id').execute()).length === 0, 30_000)
  const folder = app.environment['MAIL_DIR'] ?? ''
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.eml')).length : 0
}

/** The addresses that messages of a template went to, in order. */
export async function recipientsOf(app: TestApp, template: string): Promise<string[]> {
  await countMails(app)
  return (await mailsOf(app, template)).map(({ recipient }) => recipient)
}
