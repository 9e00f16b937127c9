/** News between nodes: a table of messages that every node reads to its end. */
import { isPostgres } from '../db/dialect.ts'
import type { OpenDatabase } from '../db/open.ts'
import { sharing } from '../db/sharing.ts'
import { sweep } from '../db/sweep.ts'
import { insertInTurn, insertMessages, type Message, newestMessage } from './messages.ts'
import type { News, Subscriber } from './store.ts'

/** A node that has not looked for this long, in ms, starts afresh. */
const LONGEST_ABSENCE = 60_000

/** How long a message stays readable, in ms: so much longer that the clocks of two nodes may be minutes apart. */
const MESSAGE_TTL = 600_000

/** How often a node looks for news although nobody asks it anything, in ms. */
const WATCH = 1000

/** How soon it looks again after the first question without an answer: a connection may have broken, and no more; in ms. */
const SECOND_LOOK = 50

export interface NewsNeeds extends OpenDatabase {
  now: () => number
  elapsed: () => number
  /** told how old another node's message was when it was heard, in ms by the clocks of both */
  onNews?: (age: number) => void
}

/** Begins to listen; the database stays open when `close` has ended that. */
export async function createNews(needs: NewsNeeds): Promise<News & { close(): Promise<void> }> {
  const { db, line = db, foreignWrites, now, elapsed, onNews } = needs
  const subscribers = new Map<string, Subscriber[]>()
  const hear = (channel: string, body: string) => {
    for (const subscriber of subscribers.get(channel) ?? []) subscriber.hear(body)
  }
  let seenWrites = foreignWrites?.()
  let heardAt = elapsed()
  let lastId = await newestMessage(line)
  /** ids of messages that this node wrote and has yet to come across */
  const own = new Set<number>()
  /** what was not told yet, each thing once however often it happened */
  let unpublished = new Map<string, Message>()
  /** why the last question had no answer */
  let away: unknown
  let isLooking = false
  let secondLook: NodeJS.Timeout | undefined

  async function readNews(): Promise<void> {
    // Noted before reading: what is written meanwhile makes the next look find a difference.
    const writes = foreignWrites?.()
    const at = elapsed()
    if (at - heardAt > LONGEST_ABSENCE) for (const list of subscribers.values()) for (const one of list) one.lose()
    const news = await line
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
      hear(channel, body)
    }
    seenWrites = writes
    heardAt = at
  }

  const ask = sharing(async () => {
    // who waited for the answer that failed does not wait for another one that will
    if (away !== undefined && !isLooking) throw away
    isLooking = false
    try {
      await readNews()
      away = undefined
    } catch (error) {
      if (away === undefined) secondLook = setTimeout(look, SECOND_LOOK).unref()
      away = error
      throw error
    }
  })

  /** Asks although the last question had no answer. */
  function look(): void {
    isLooking = true
    void ask().catch(() => {})
  }

  function isCurrent(): boolean {
    // without a counter nobody knows without asking
    if (!foreignWrites) return false
    if (foreignWrites() === seenWrites) return true
    // a failed read leaves seenWrites behind, so the next look asks again
    look()
    return false
  }

  function catchUp(): Promise<void> {
    // a file is asked each time; a server that is away would cost every request its patience
    if (foreignWrites) isLooking = true
    return away === undefined || foreignWrites ? ask() : Promise.reject(away)
  }

  // a node that is asked nothing still hears what concerns it by itself, such as a change of keys
  const watch = setInterval(() => {
    if (foreignWrites) isCurrent()
    else look()
    if (unpublished.size > 0) void writeNews().catch(() => {})
  }, WATCH).unref()

  /** Writes what waits, all of it at once: on PostgreSQL publishers take turns, each as long as a commit takes. */
  const writeNews = sharing(async () => {
    const waiting = unpublished
    unpublished = new Map()
    if (waiting.size === 0) return
    // Ids have to become visible in their order: who has read one must not find a smaller one later. On SQLite they do.
    const insert = isPostgres(db) ? insertInTurn : insertMessages
    const ids = await insert(db, [...waiting.values()], now() + MESSAGE_TTL).catch((error: unknown) => {
      // the next who publishes tells these too, or the watch does
      unpublished = new Map([...waiting, ...unpublished])
      throw error
    })
    // Another node's message with a smaller id may still be unread: only the very next one may be stepped over.
    for (const id of ids) {
      if (id === lastId + 1) lastId = id
      else if (id > lastId) own.add(id)
    }
    await sweep(db, 'messages', 'id', now())
  })

  return {
    async publish(channel, body) {
      // first, whether or not it can be told to the others
      hear(channel, body)
      unpublished.set(`${channel} ${body}`, { channel, body })
      await writeNews()
    },

    subscribe(channel, subscriber) {
      subscribers.set(channel, [...(subscribers.get(channel) ?? []), subscriber])
    },

    isCurrent,

    catchUp,

    heardAt: () => (foreignWrites ? Number.NEGATIVE_INFINITY : heardAt),

    async close() {
      clearInterval(watch)
      clearTimeout(secondLook)
      // after a read that is under way
      await catchUp().catch(() => {})
    },
  }
}
