/** Messages that wait to be sent: written with the change that causes them, sent after it. */
import { sql } from 'kysely'
import { skippingHeld } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
import type { OutboxRow } from '../db/schema.ts'
import { afterCommit, type Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { isMailOn } from './mailer.ts'
import { type Message, TEMPLATES, type Template } from './messages.ts'

/**
 * Adds a message, in the transaction of what causes it; it leaves after the commit. Where there is no mail, nothing
 * happens: what cannot do without asks `isMailOn` before.
 */
export async function enqueueMail<T extends Template>(
  tx: Tx,
  { config, mailer, now }: Pick<Deps, 'config' | 'mailer' | 'now'>,
  { to, uid, locale, template, data }: Message<T>,
): Promise<void> {
  if (!isMailOn({ config })) return
  const at = now()
  await tx
    .insertInto('outbox')
    .values({
      recipient: to,
      uid,
      locale,
      template,
      data: mailer.seal(JSON.stringify(data), contextOf({ template, recipient: to })),
      created_at: at,
      due_at: at,
      attempts: 0,
    })
    .execute()
  afterCommit(tx, () => mailer.wake())
}

/** Takes back what waits for an account, such as one that is deleted. */
export async function dropMail(tx: Tx, uid: string): Promise<void> {
  await tx.deleteFrom('outbox').where('uid', '=', uid).execute()
}

/** What the data of a message are sealed for: nobody who can write to the database sends them to somebody else. */
export function contextOf({ template, recipient }: Pick<OutboxRow, 'template' | 'recipient'>): string {
  return `${template}\0${recipient}`
}

/** A message that could not be sent for so long is given up, in ms. */
export const PATIENCE = 3 * 86_400_000

/**
 * Takes the message that has been due for longest, so that nobody else does before the lease has ended. One that only a
 * newer version knows is left to its nodes, until it has to be given up.
 * @param lease in ms
 */
export async function claimMessage(db: Db, now: number, lease: number): Promise<OutboxRow | undefined> {
  const next = db
    .selectFrom('outbox')
    .select('id')
    .where('due_at', '<=', now)
    .where((eb) => eb.or([eb('template', 'in', TEMPLATES), eb('created_at', '<=', now - PATIENCE)]))
    .orderBy('due_at')
    .limit(sql.lit(1))
  return db
    .updateTable('outbox')
    .set((eb) => ({ due_at: now + lease, attempts: eb('attempts', '+', 1) }))
    .where('id', '=', skippingHeld(db, next))
    .returningAll()
    .executeTakeFirst()
}

/** Lets a claimed message wait until then, unless its lease has ended and somebody else has it. */
export async function postponeMessage(db: Db, { id, due_at }: OutboxRow, until: number): Promise<void> {
  await db.updateTable('outbox').set({ due_at: until }).where('id', '=', id).where('due_at', '=', due_at).execute()
}

/** Removes a message that was sent or given up. */
export async function removeMessage(db: Db | Tx, { id }: OutboxRow): Promise<void> {
  await db.deleteFrom('outbox').where('id', '=', id).execute()
}

/** How many messages wait, since when, and when the next is due; times are epoch ms. */
export interface Backlog {
  /** up to `MOST_COUNTED` */
  waiting: number
  oldest: number | undefined
  next: number | undefined
}

/** Counting reads every row, and where nothing can be sent for days there are many. */
export const MOST_COUNTED = 10_000

/** Looks at the outbox as a whole. */
export async function readBacklog(db: Db): Promise<Backlog> {
  const some = db.selectFrom('outbox').select('id').limit(sql.lit(MOST_COUNTED)).as('some')
  const first = db.selectFrom('outbox').limit(sql.lit(1))
  const { waiting, oldest, next } = await db
    .selectFrom(some)
    .select(({ fn }) => [
      fn.countAll<number>().as('waiting'),
      first.select('created_at').orderBy('id').as('oldest'),
      first.select('due_at').orderBy('due_at').as('next'),
    ])
    .executeTakeFirstOrThrow()
  return { waiting, oldest: oldest ?? undefined, next: next ?? undefined }
}
