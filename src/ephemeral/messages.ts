/** The table of messages, and which of them a node has yet to hear of. */
import { sql } from 'kysely'
import { highestId, isPostgres } from '../db/dialect.ts'
import type { Db } from '../db/open.ts'
import { askPlace, isLater, type Place, placeColumns, toPlace } from '../db/place.ts'
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

/** What a question for messages brings. */
interface Answer {
  messages: readonly Message[]
  place?: Place
}

export interface MessageReader {
  /** Whether the database has given out fewer ids than were read: it is not the one that it was, but a copy that lagged. */
  isAhead(): Promise<boolean>
  /**
   * What other nodes have told since the last time; undefined when another server answers than did then, or the same with
   * some of its commits lost. Two of these must not overlap.
   */
  read(): Promise<Message[] | undefined>
  /** Where the server was that answered last; undefined on SQLite. */
  place(): Place | undefined
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
  const begun = isPostgres(db) ? await askPlace(db) : undefined
  const newest = await db
    .selectFrom('messages')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst()
  let lastId = newest?.id ?? 0
  let place = begun
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

  const query = () =>
    db
      .selectFrom('messages')
      .select(['id', 'channel', 'body', 'expires_at'])
      .where((eb) => {
        const isLater = eb('id', '>', lastId)
        return missing.size > 0 ? eb.or([isLater, eb('id', 'in', [...missing.keys()])]) : isLater
      })
      .orderBy('id')

  /** One question, so that messages and place are of the same server: two would cost another way there and back. */
  async function ask(): Promise<Answer> {
    if (!isPostgres(db)) return { messages: await query().execute() }
    const list = sql<Message[] | null>`(select json_agg(found) from ${query()} as found)`
    const row = await db.selectNoFrom([...(await placeColumns(db)), list.as('messages')]).executeTakeFirstOrThrow()
    return { messages: row.messages ?? [], place: toPlace(row) }
  }

  /** Undefined for the answer of a server that is not the one of before. */
  async function find(): Promise<readonly Message[] | undefined> {
    const answer = await ask()
    if (place && answer.place && !isLater(answer.place, place)) return undefined
    place = answer.place
    return answer.messages
  }

  /** Whether a message that was found is news. */
  function accept({ id }: Message): boolean {
    if (id <= lastId) return missing.delete(id)
    miss(lastId + 1, id)
    lastId = id
    return !own.delete(id)
  }

  // what is there was heard by nobody here, and what is not may be on its way
  miss(1, lastId)
  const first = await find()
  if (!first) return createMessageReader(db, elapsed)
  for (const message of first) accept(message)

  return {
    isAhead: async () => (await highestId(db, 'messages')) < lastId,

    async read() {
      const news = (await find())?.filter(accept)
      giveUp()
      return news
    },

    place: () => place,

    pass(id) {
      if (id === lastId + 1) lastId = id
      else if (id > lastId) own.add(id)
      else missing.delete(id)
    },
  }
}
