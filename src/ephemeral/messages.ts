/** The table of messages, and which of them a node has yet to hear of. */
import { highestId, isPostgres } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
import type { Tx } from '../db/transaction.ts'

/** How long a message stays readable, in ms: so much longer that the clocks of two nodes may be minutes apart. */
export const MESSAGE_TTL = 600_000

/** So many ids are looked for at the most: more than there are connections that could be writing. */
const MOST_MISSING = 500

/** An id is looked for so long, in ms: a commit that takes longer is acknowledged to nobody. */
const PATIENCE = 60_000

/** What one node tells the others. */
export interface Message {
  id: number
  channel: string
  body: string
  /** epoch ms */
  expires_at: number
}

export interface MessageReader {
  /** Whether the database has given out fewer ids than were read: it is not the one that it was, but a copy that lagged. */
  isAhead(): Promise<boolean>
  /** What other nodes have told since the last time. Two of these must not overlap. */
  read(): Promise<Message[]>
  /** Notes that a message of this node's own was committed, so that it is not read. */
  pass(id: number): void
}

/**
 * Writes a message, which is there when the transaction is committed.
 * @returns its id
 */
export async function insertMessage(tx: Tx, message: Omit<Message, 'id'>): Promise<number> {
  const { id } = await tx.insertInto('messages').values(message).returning('id').executeTakeFirstOrThrow()
  return id
}

/**
 * Begins to read, behind what has been committed. On PostgreSQL ids become visible in another order than they were given,
 * so ids that were stepped over are looked for, as long as whoever was given them can still be waiting for the commit; some
 * never come, since a transaction that is rolled back leaves a hole. To write in turns would be simpler, and make each
 * revocation wait for the commits of all others.
 * @param elapsed ms since some moment
 */
export async function createMessageReader(db: Db, elapsed: () => number): Promise<MessageReader> {
  const newest = await db
    .selectFrom('messages')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst()
  let lastId = newest?.id ?? 0
  /** ids up to the last one that have not come, in their order, and when that was noticed */
  const missing = new Map<number, number>()
  /** this node's own, behind the last one */
  const own = new Set<number>()

  /** Notes that every id from `first` to before `end` is missing, or as many of the last ones as matter. */
  function miss(first: number, end: number): void {
    if (!isPostgres(db)) return
    for (let id = Math.max(first, end - MOST_MISSING); id < end; id += 1) missing.set(id, elapsed())
  }

  /** The first ones are the ones that have been missing for longest. */
  function giveUp(): void {
    for (const [id, since] of missing) {
      if (missing.size <= MOST_MISSING && elapsed() - since < PATIENCE) return
      missing.delete(id)
    }
  }

  const find = () =>
    db
      .selectFrom('messages')
      .select(['id', 'channel', 'body', 'expires_at'])
      .where((eb) => {
        const isLater = eb('id', '>', lastId)
        return missing.size > 0 ? eb.or([isLater, eb('id', 'in', [...missing.keys()])]) : isLater
      })
      .orderBy('id')
      .execute()

  /** Whether a message that was found is news. */
  function accept({ id }: Message): boolean {
    if (id <= lastId) return missing.delete(id)
    miss(lastId + 1, id)
    lastId = id
    return !own.delete(id)
  }

  // what is there was heard by nobody here, and what is not may be on its way
  miss(1, lastId)
  for (const message of await find()) accept(message)

  return {
    isAhead: async () => (await highestId(db, 'messages')) < lastId,

    async read() {
      const news = (await find()).filter(accept)
      giveUp()
      return news
    },

    pass(id) {
      if (id === lastId + 1) lastId = id
      else if (id > lastId) own.add(id)
      else missing.delete(id)
    },
  }
}
