/** Messages that wait to be sent: written with the change that causes them, sent after it. */
import { sql } from 'kysely'
import { skippingHeld } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
import type { OutboxRow } from '../db/schema.ts'
import type { Tx } from '../db/transaction.ts'
import type { Deps } from '../deps.ts'
import { type MessageData, TEMPLATES, type Template } from './messages.ts'

/** A message that is to wait. */
interface Draft<T extends Template> extends Pick<OutboxRow, 'recipient' | 'uid' | 'locale' | 'due_at'> {
  template: T
  data: MessageData[T]
}

/** A message that could not be sent for so long is given up, in ms. */
export const PATIENCE = 3 * 86_400_000

/** What has to be used within so long is sent before anything else, in ms. */
const SHORT_LIVED = 3_600_000

/** So long is a message put behind those of others for each that waits for the same address, in ms. */
const STEP = 60_000

/**
 * Writes a message down. Its turn is its time: earlier for what is of use for a short time only, and later for each message
 * that waits for the same address, so that nobody waits for somebody else's hundred.
 */
export async function insertMessage<T extends Template>(
  tx: Tx,
  { mailer, now }: Pick<Deps, 'mailer' | 'now'>,
  { recipient, uid, locale, template, data, due_at }: Draft<T>,
): Promise<void> {
  const at = now()
  const { ahead } = await tx
    .selectFrom('outbox')
    .select(({ fn }) => fn.countAll<number>().as('ahead'))
    .where('recipient', '=', recipient)
    .executeTakeFirstOrThrow()
  // as far ahead as a message can have waited at all
  const isUrgent = 'expires_at' in data && data.expires_at - at <= SHORT_LIVED
  await tx
    .insertInto('outbox')
    .values({
      recipient,
      uid,
      locale,
      template,
      data: mailer.seal(JSON.stringify(data), contextOf({ template, recipient })),
      created_at: at,
      due_at,
      attempts: 0,
      turn: due_at + ahead * STEP - (isUrgent ? PATIENCE : 0),
    })
    .execute()
}

/** Takes back what waits for an account, such as one that is deleted. */
export async function dropMail(tx: Tx, uid: string): Promise<void> {
  await tx.deleteFrom('outbox').where('uid', '=', uid).execute()
}

/** What the data of a message are sealed for: nobody who can write to the database sends them to somebody else. */
export function contextOf({ template, recipient }: Pick<OutboxRow, 'template' | 'recipient'>): string {
  return `${template}\0${recipient}`
}

/** The message whose turn it is, of those that are due. */
export function selectNext(db: Db, now: number) {
  return (
    db
      .selectFrom('outbox')
      .select('id')
      // in the order of turns and with the index of turns, however many are due: the sign keeps the index of times out
      .where(sql<number>`+due_at`, '<=', now)
      .where((eb) => eb.or([eb('template', 'in', TEMPLATES), eb('created_at', '<=', now - PATIENCE)]))
      .orderBy('turn')
      .limit(sql.lit(1))
  )
}

/**
 * Takes the message of those that are due whose turn it is, so that nobody else does before the lease has ended. One that
 * only a newer version knows is left to its nodes, until it has to be given up.
 * @param lease in ms
 */
export async function claimMessage(db: Db, now: number, lease: number): Promise<OutboxRow | undefined> {
  return db
    .updateTable('outbox')
    .set((eb) => ({ due_at: now + lease, attempts: eb('attempts', '+', 1) }))
    .where('id', '=', skippingHeld(db, selectNext(db, now)))
    .returningAll()
    .executeTakeFirst()
}

/** Lets a claimed message wait until then, unless its lease has ended and somebody else has it; its turn moves as far. */
export async function postponeMessage(db: Db, row: OutboxRow, now: number, until: number): Promise<void> {
  const { id, due_at, created_at } = row
  const turn = (row.turn ?? created_at) + until - now
  await db
    .updateTable('outbox')
    .set({ due_at: until, turn })
    .where('id', '=', id)
    .where('due_at', '=', due_at)
    .execute()
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
