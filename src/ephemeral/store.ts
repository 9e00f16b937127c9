/** What lives for seconds to hours: single-use tokens, challenges, counters, and news between nodes. */
import type { Tx } from '../db/transaction.ts'
import type { Attempt, Tried } from './tries.ts'

/** What somebody holds a token of is kept in the database, and so is news; counters are in Redis where there is one. */
export interface Ephemeral extends Values, News, Counters {}

/** Values that have to be there when they are asked for. */
export interface Values {
  /** Keeps `value` under `key` for `ttl` ms, replacing what was there. */
  put(key: string, value: string, ttl: number): Promise<void>

  /** Removes and returns the value: of any number of callers at once, exactly one gets it. */
  take(key: string): Promise<string | undefined>

  /** The value, left where it is. */
  peek(key: string): Promise<string | undefined>
}

/** What nodes tell one another. */
export interface News {
  /**
   * Tells every subscriber on every node what a transaction changes, as soon as that is committed; this node's subscribers
   * have heard it when `inTransaction` resolves. What is rolled back is told to nobody.
   */
  publish(tx: Tx, channel: string, body: string): Promise<void>

  /** Calls `subscriber` for every message on `channel` from now on. */
  subscribe(channel: string, subscriber: Subscriber): void

  /** Whether this node has heard all news up to this moment; on PostgreSQL never without asking. */
  isCurrent(): boolean

  /**
   * Resolves when everything published before the call has been handed to the subscribers.
   * @throws when it cannot be known; at once while the database is known to be away
   */
  catchUp(): Promise<void>

  /** The last moment up to which all news was heard, in ms of `elapsed()`; -∞ where that is never to be relied on. */
  heardAt(): number

  /**
   * Whether this node can do its work with the database, by what it knows: within a second.
   * @throws what is in the way
   */
  refuseUnfit(): Promise<void>
}

/** Two adapters keep this promise, one over Redis and one over the database; one test suite checks both. */
export interface Counters {
  readonly kind: 'redis' | 'sql'

  /** Counts one more event under `key`, or as many as `by` says; the window of `window` ms opens with the first. */
  count(key: string, window: number, by?: number): Promise<Count>

  /**
   * Counts one more try under each key, or under none where one of them has to wait: of any number of callers at once, as
   * many pass as may.
   */
  attempt(tried: readonly Tried[]): Promise<Attempt>

  /** Takes one try back under each key, as if it had not been made. */
  forgive(tried: readonly Tried[]): Promise<void>

  /** Forgets all tries under these keys. */
  forget(keys: readonly string[]): Promise<void>

  /** Whether all nodes count together; while Redis does not answer, each counts by itself. */
  isShared(): boolean

  /** Finds that out anew. */
  probe(): Promise<void>
}

/** How many events there have been in the window, this one included, and when it closes (epoch ms). */
export interface Count {
  count: number
  resets_at: number
}

export interface Subscriber {
  /** a message came */
  hear(body: string): void
  /** messages may have been missed: forget whatever rests on having heard all of them */
  lose(): void
}
