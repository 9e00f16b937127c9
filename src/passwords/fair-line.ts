/** Lines in which people wait, fairly: whoever sends many takes turns with whoever sends one. */

/** A line of any kind. */
export interface Line<T> {
  size(): number
  push(item: T): void
  /** Whose turn it is. */
  shift(): T | undefined
  /** Takes out who came last where most wait. */
  pop(): T | undefined
  /** Whether it was there, and is not any more. */
  remove(item: T): boolean
  /** For a full line: takes the item in and gives another up for it, or gives up the item itself. */
  trade(item: T): T
}

/** First come, first served. */
export function createQueue<T>(): Line<T> {
  const items: T[] = []
  return {
    size: () => items.length,
    push: (item) => items.push(item),
    shift: () => items.shift(),
    pop: () => items.pop(),
    remove(item) {
      const index = items.indexOf(item)
      if (index >= 0) items.splice(index, 1)
      return index >= 0
    },
    trade: (item) => item,
  }
}

/**
 * A line for each key, served in turn (round robin). There are no more lines than items, so nothing has to be cleared.
 * @param keyOf where an item belongs
 * @param createPart makes the line of one key
 */
export function createRound<T>(keyOf: (item: T) => string, createPart: () => Line<T>): Line<T> {
  const parts = new Map<string, Line<T>>()
  let size = 0

  function longest(): Line<T> | undefined {
    let found: Line<T> | undefined
    for (const part of parts.values()) if (!found || part.size() >= found.size()) found = part
    return found
  }
  function push(item: T): void {
    const key = keyOf(item)
    const part = parts.get(key) ?? createPart()
    parts.set(key, part)
    part.push(item)
    size += 1
  }
  function taken(item: T | undefined): T | undefined {
    if (item === undefined) return undefined
    size -= 1
    const key = keyOf(item)
    if (parts.get(key)?.size() === 0) parts.delete(key)
    return item
  }

  return {
    size: () => size,
    push,
    shift() {
      const first = parts.entries().next()
      if (first.done) return undefined
      const [key, part] = first.value
      // to the end of the round
      parts.delete(key)
      parts.set(key, part)
      return taken(part.shift())
    },
    pop: () => taken(longest()?.pop()),
    remove(item) {
      const found = parts.get(keyOf(item))?.remove(item) ?? false
      if (found) taken(item)
      return found
    },
    trade(item) {
      const own = parts.get(keyOf(item))
      const most = longest()
      if (!most || (own?.size() ?? 0) + 1 >= most.size()) return own ? own.trade(item) : item
      push(item)
      return taken(most.pop()) ?? item
    },
  }
}
