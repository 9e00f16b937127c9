/** The embedded store: two tables of the service's own database. */
import { sql } from 'kysely'
import { isPostgres, skippingHeld, takeTurn } from '../db/dialect.ts'
import type { Db, OpenDatabase } from '../db/open.ts'
import { sharing } from '../db/sharing.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { type Count, type Ephemeral, type Subscriber, Subscriptions } from './store.ts'

/** A node that has not looked for this long, in ms, starts afresh. */
const LONGEST_ABSENCE = 60_000

/** How long a message stays readable, in ms: so much longer that the clocks of two nodes may be minutes apart. */
const MESSAGE_TTL = 600_000

/** How often a node looks for news although nobody asks it anything, in ms. */
const WATCH = 1000

/** At most this many dead rows go with each write, so that the tables stay small without a janitor. */
const SWEEP = 20

interface Needs extends OpenDatabase {
  now: () => number
  /** told how old another node's message was when it was heard, in ms by the clocks of both */
  onNews?: (age: number) => void
}

/** Makes the embedded store; the database stays open when the store closes. */
export async function createSqlEphemeral({ db, foreignWrites, now, onNews }: Needs): Promise<Ephemeral> {
  const subscriptions = new Subscriptions()
  let seenWrites = foreignWrites?.()
  let lastId = await newestMessage(db)
  let lastRead = now()
  /** ids of messages that this node wrote and has yet to come across */
  const own = new Set<number>()
  let unpublished: { channel: string; body: string }[] = []

  async function readNews(): Promise<void> {
    // Noted before reading: what is written meanwhile makes the next look find a difference.
    const writes = foreignWrites?.()
    const at = now()
    if (at - lastRead > LONGEST_ABSENCE) subscriptions.lose()
    const news = await db
      .selectFrom('messages')
      .select(['id', 'channel', 'body', 'expires_at'])
      .where('id', '>', lastId)
      .orderBy('id')
      .execute()
    for (const { id, channel, body, expires_at } of news) {
      // a message published by this node meanwhile has moved lastId on, and was heard when it was published
      if (id <= lastId) continue
      lastId = id
      if (!own.delete(id)) onNews?.(now() - (expires_at - MESSAGE_TTL))
      subscriptions.hear(channel, body)
    }
    seenWrites = writes
    lastRead = at
  }

  const catchUp = sharing(readNews)
  const look = () => void catchUp().catch(() => {})

  function isCurrent(): boolean {
    // without a counter nobody knows without asking
    if (!foreignWrites) return false
    if (foreignWrites() === seenWrites) return true
    // a failed read leaves seenWrites behind, so the next look asks again
    look()
    return false
  }

  // a node that is asked nothing still hears what concerns it by itself, such as a change of keys
  const watch = setInterval(foreignWrites ? isCurrent : look, WATCH).unref()

  /** Writes what waits, all of it at once: on PostgreSQL publishers take turns, each as long as a commit takes. */
  const writeNews = sharing(async () => {
    const messages = unpublished.map((message) => ({ ...message, expires_at: now() + MESSAGE_TTL }))
    unpublished = []
    if (messages.length === 0) return
    const insert = (handle: Db | Tx) => handle.insertInto('messages').values(messages).returning('id').execute()
    const inTurn = () =>
      inTransaction(db, async (tx) => {
        await takeTurn(tx, 'messages')
        return insert(tx)
      })
    // Ids have to become visible in their order: who has read one must not find a smaller one later. On SQLite they do.
    const ids = await (isPostgres(db) ? inTurn() : insert(db))
    // Another node's message with a smaller id may still be unread: only the very next one may be stepped over.
    for (const { id } of ids) {
      if (id === lastId + 1) lastId = id
      else if (id > lastId) own.add(id)
    }
    await sweep(db, 'messages', 'id', now())
  })

  return {
    kind: 'sql',

    async put(key, value, ttl) {
      const row = { value, expires_at: now() + ttl }
      await db
        .insertInto('ephemeral')
        .values({ key, ...row })
        .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
        .execute()
      await sweep(db, 'ephemeral', 'key', now())
    },

    async take(key) {
      const row = await db
        .deleteFrom('ephemeral')
        .where('key', '=', key)
        .returning(['value', 'expires_at'])
        .executeTakeFirst()
      return row && row.expires_at > now() ? row.value : undefined
    },

    async peek(key) {
      const row = await db
        .selectFrom('ephemeral')
        .select('value')
        .where('key', '=', key)
        .where('expires_at', '>', now())
        .executeTakeFirst()
      return row?.value
    },

    async count(key, window): Promise<Count> {
      const at = now()
      const row = await db
        .insertInto('ephemeral')
        .values({ key, value: '1', expires_at: at + window })
        .onConflict((conflict) =>
          conflict.column('key').doUpdateSet({
            value: sql<string>`case when ephemeral.expires_at > ${at} then cast(cast(ephemeral.value as integer) + 1 as text) else '1' end`,
            expires_at: sql<number>`case when ephemeral.expires_at > ${at} then ephemeral.expires_at else excluded.expires_at end`,
          }),
        )
        .returning(['value', 'expires_at'])
        .executeTakeFirstOrThrow()
      await sweep(db, 'ephemeral', 'key', at)
      return { count: Number(row.value), resets_at: row.expires_at }
    },

    async publish(channel, body) {
      // first, whether or not it can be told to the others
      subscriptions.hear(channel, body)
      unpublished.push({ channel, body })
      await writeNews()
    },

    subscribe: (channel: string, subscriber: Subscriber) => subscriptions.add(channel, subscriber),

    isCurrent,

    catchUp,

    async ping() {
      await sql`select 1`.execute(db)
    },

    async close() {
      clearInterval(watch)
      // after a read that is under way
      await catchUp().catch(() => {})
    },
  }
}

async function newestMessage(db: Db): Promise<number> {
  const row = await db
    .selectFrom('messages')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst()
  return row?.id ?? 0
}

/** Removes a few rows that have expired. */
async function sweep(db: Db | Tx, table: 'ephemeral' | 'messages', key: 'key' | 'id', now: number): Promise<void> {
  const dead = db.selectFrom(table).select(key).where('expires_at', '<=', now).limit(sql.lit(SWEEP))
  await db.deleteFrom(table).where(key, 'in', skippingHeld(db, dead)).execute()
}
