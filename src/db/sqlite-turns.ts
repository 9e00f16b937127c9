/** Who may use the one connection, and when. */
export interface Turns {
  /** whether nobody has it */
  areFree(): boolean
  /** Resolves, or returns, when it is the caller's turn. */
  take(): Promise<void> | undefined
  /** Ends the caller's turn. */
  give(): void
}

/** First come, first served. */
export function createTurns(): Turns {
  const waiting: (() => void)[] = []
  let isTaken = false
  return {
    areFree: () => !isTaken,
    take() {
      if (isTaken) return new Promise((resolve) => waiting.push(resolve))
      isTaken = true
      return undefined
    },
    give() {
      const next = waiting.shift()
      if (next) next()
      else isTaken = false
    },
  }
}
