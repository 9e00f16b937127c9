/** What lives for seconds to hours: single-use tokens, challenges, counters, and news between nodes. */

/** Two adapters keep these promises, one over Redis and one over the database; one test suite checks both. */
export interface Ephemeral {
  readonly kind: 'redis' | 'sql'

  /** Keeps `value` under `key` for `ttl` ms, replacing what was there. */
  put(key: string, value: string, ttl: number): Promise<void>

  /** Removes and returns the value: of any number of callers at once, exactly one gets it. */
  take(key: string): Promise<string | undefined>

  /** The value, left where it is. */
  peek(key: string): Promise<string | undefined>

  /** Counts one more event under `key`; the window of `window` ms opens with the first. */
  count(key: string, window: number): Promise<Count>

  /** Tells every subscriber on every node; this node's subscribers have heard it when the promise resolves. */
  publish(channel: string, body: string): Promise<void>

  /** Calls `subscriber` for every message on `channel` from now on. */
  subscribe(channel: string, subscriber: Subscriber): void

  /**
   * Whether this node can rely on having heard the news. Redis: within milliseconds of its publication, and
   * false at the latest `FEED_SILENCE` ms after the connection went dead. SQLite: all of it, up to this moment.
   * PostgreSQL: never without asking.
   */
  isCurrent(): boolean

  /** Resolves when everything published before the call has been handed to the subscribers. @throws when it cannot be known */
  catchUp(): Promise<void>

  /** @throws when the store does not answer */
  ping(): Promise<void>

  close(): Promise<void>
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

/** The feed counts as dead when the other side has been silent for this long, in ms. */
export const FEED_SILENCE = 3000

/** Subscribers by channel; what both adapters share. */
export class Subscriptions {
  readonly #byChannel = new Map<string, Subscriber[]>()

  add(channel: string, subscriber: Subscriber): void {
    this.#byChannel.set(channel, [...(this.#byChannel.get(channel) ?? []), subscriber])
  }

  channels(): string[] {
    return [...this.#byChannel.keys()]
  }

  hear(channel: string, body: string): void {
    for (const subscriber of this.#byChannel.get(channel) ?? []) subscriber.hear(body)
  }

  lose(): void {
    for (const subscribers of this.#byChannel.values()) for (const subscriber of subscribers) subscriber.lose()
  }
}
