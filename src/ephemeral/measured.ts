import { type Durations, timed } from '../counts.ts'
import type { Ephemeral } from './store.ts'

/** The same store, which notes how long its commands take. News is not among them. */
export function measuredStore(store: Ephemeral, durations: Durations): Ephemeral {
  return {
    ...store,
    put: (key, value, ttl) => timed(durations, () => store.put(key, value, ttl)),
    take: (key) => timed(durations, () => store.take(key)),
    peek: (key) => timed(durations, () => store.peek(key)),
    count: (key, window) => timed(durations, () => store.count(key, window)),
    ping: () => timed(durations, () => store.ping()),
  }
}
