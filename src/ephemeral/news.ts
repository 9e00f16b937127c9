/** News between nodes: a table of messages that every node reads to its end. */
import { sql } from 'kysely'
import { inTime } from '../db/in-time.ts'
import { LINE_PATIENCE, type OpenDatabase } from '../db/open.ts'
import { sharing } from '../db/sharing.ts'
import { sweep } from '../db/sweep.ts'
import { afterCommit, type Tx } from '../db/transaction.ts'
import { createConfirmation } from './confirmation.ts'
import { createMessageReader, insertMessage, MESSAGE_TTL, type Message } from './messages.ts'
import type { News, Subscriber } from './store.ts'

/** A node that has not looked for this long, in ms, starts afresh. */
const LONGEST_ABSENCE = 60_000

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
  const { line = needs.db, foreignWrites, stayWith = () => {}, now, elapsed, onNews } = needs
  const subscribers = new Map<string, Subscriber[]>()
  const hear = (channel: string, body: string) => {
    for (const subscriber of subscribers.get(channel) ?? []) subscriber.hear(body)
  }
  const confirmation = createConfirmation({ db: line, now, elapsed, stayWith, isWatched: !foreignWrites })
  let seenWrites = foreignWrites?.()
  let heardAt = elapsed()
  let messages = await createMessageReader(line, elapsed)
  let isCheckDue = false
  /** what a transaction tells already */
  const told = new WeakMap<Tx, Set<string>>()
  /** why the last question had no answer */
  let away: unknown
  let isLooking = false
  let isAsking = false
  let secondLook: NodeJS.Timeout | undefined
  /** the last reading; one that was given up may still go on */
  let reading = Promise.resolve()

  /** What was told since the last time; undefined after a failover, or when the database is one of before. */
  async function readMessages(): Promise<Message[] | undefined> {
    const isBehind = isCheckDue && (await messages.isAhead())
    isCheckDue = false
    return isBehind ? undefined : messages.read()
  }

  async function readNews(): Promise<void> {
    // Noted before reading: what is written meanwhile makes the next look find a difference.
    const writes = foreignWrites?.()
    const at = elapsed()
    const news = await readMessages()
    if (!news) {
      messages = await createMessageReader(line, elapsed)
      // a server that was left may live on, and say that what ended here goes on
      const place = messages.place()
      if (place) stayWith(place.timeline)
    }
    if (!news || at - heardAt > LONGEST_ABSENCE)
      for (const list of subscribers.values()) for (const one of list) one.lose()
    for (const { channel, body, expires_at } of news ?? []) {
      onNews?.(now() - (expires_at - MESSAGE_TTL))
      hear(channel, body)
    }
    seenWrites = writes
    heardAt = at
    await confirmation.confirm(messages.place())
  }

  /** What comes too late for who asked counts when it comes: it may be news, and no two readings may overlap. */
  function readInTime(): Promise<void> {
    reading = reading.catch(() => {}).then(readNews)
    return inTime(reading, LINE_PATIENCE)
  }

  const ask = sharing(async () => {
    // who waited for the answer that failed does not wait for another one that will
    if (away !== undefined && !isLooking) throw away
    isLooking = false
    isAsking = true
    try {
      await (foreignWrites ? readNews() : readInTime())
      away = undefined
    } catch (error) {
      if (away === undefined) secondLook = setTimeout(look, SECOND_LOOK).unref()
      away = error
      throw error
    } finally {
      isAsking = false
    }
  })

  /** Asks although the last question had no answer. */
  function look(): void {
    // one that is under way is a look as well, and who waits behind it fails with it
    if (isAsking && !foreignWrites) return
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
    isCheckDue = foreignWrites === undefined
    if (!foreignWrites) look()
    // where nobody else writes there is nothing to read, and nothing was missed
    else if (isCurrent()) heardAt = elapsed()
  }, WATCH).unref()

  // a server that takes no writes is no reason not to start: it may before long
  if (!foreignWrites) await ask().catch(() => {})

  return {
    async publish(tx, channel, body) {
      const already = told.get(tx) ?? new Set()
      told.set(tx, already)
      if (already.has(`${channel} ${body}`)) return
      already.add(`${channel} ${body}`)
      const id = await insertMessage(tx, { channel, body, expires_at: now() + MESSAGE_TTL })
      await sweep(tx, 'messages', 'id', now())
      afterCommit(tx, () => {
        messages.pass(id)
        hear(channel, body)
      })
    },

    subscribe(channel, subscriber) {
      subscribers.set(channel, [...(subscribers.get(channel) ?? []), subscriber])
    },

    isCurrent,

    catchUp,

    heardAt: () => (foreignWrites ? Number.NEGATIVE_INFINITY : Math.min(heardAt, confirmation.confirmedAt())),

    async refuseUnfit() {
      // a file answers while it is asked
      if (foreignWrites) await sql`select 1`.execute(needs.db)
      else if (away !== undefined) throw away
      await confirmation.refuseUnwritable()
    },

    async close() {
      clearInterval(watch)
      clearTimeout(secondLook)
      // after what is under way
      await catchUp().catch(() => {})
      await Promise.all([reading.catch(() => {}), confirmation.close()])
    },
  }
}
