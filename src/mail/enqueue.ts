/** The one way for a rule to send something. */
import { afterCommit, type Tx } from '../db/transaction.ts'
import { gatherNotice } from './digest.ts'
import { type LedgerNeeds, payForMail } from './ledger.ts'
import { isMailOn } from './mailer.ts'
import type { Message, MessageData, Notice, Template } from './messages.ts'
import { insertMessage } from './outbox.ts'

/**
 * Adds a message, in the transaction of what causes it; it leaves after the commit. Its link or code is made when it has
 * been paid for, so that a message which is not sent makes nothing void. Where there is no mail, nothing happens: what
 * cannot do without asks `isMailOn` before.
 * @returns whether it will be sent, by itself or in a digest
 */
export async function enqueueMail<T extends Template>(
  tx: Tx,
  deps: LedgerNeeds,
  message: Message<T>,
): Promise<boolean> {
  if (!isMailOn(deps)) return false
  const { to, payer, uid, locale, template, facts, issue } = message
  const { address, isProved } = to
  const exhausted = await payForMail(tx, deps, { address, isProved, payer, template, uid })
  if (exhausted === 'mail_notices') await gatherNotice(tx, deps, message as unknown as Message<Notice>)
  else if (exhausted !== undefined) return false
  else {
    const issued = await issue()
    const data = { ...(to.isProved && { name: to.name }), ...facts, ...issued } as unknown as MessageData[T]
    await insertMessage(tx, deps, { recipient: address, uid, locale, template, data, due_at: deps.now() })
    afterCommit(tx, () => deps.mailer.wake())
  }
  return true
}
