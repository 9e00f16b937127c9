/**
 * Makes one read serve many callers: who comes while it is under way gets the next one. Never that one itself, since it
 * may have begun before something was written that the caller has to see. Two of these reads never overlap.
 */
export function sharing(read: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  function start(): Promise<void> {
    next = undefined
    running = read().finally(() => {
      running = undefined
    })
    return running
  }

  return () => {
    if (next) return next
    if (!running) return start()
    next = running.catch(() => {}).then(start)
    return next
  }
}
