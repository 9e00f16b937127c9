/** Where the log goes: lines are collected, and written apart from the requests that they tell of. */
import pino from 'pino'

/** Takes whole lines. */
export interface LogOutput {
  write(line: string): void
  /** for lines that may wait a moment for others; `write` where there is no such thing */
  collect?(line: string): void
}

/** How much is collected before it is written, in characters, and how long a line waits for others at the most, in ms. */
const ENOUGH = 16_000
const DELAY = 200

/**
 * Standard output. The lines of requests are collected: a write for each would hold the requests up. An exit writes
 * what is left.
 */
export function standardOutput(): LogOutput {
  const destination = pino.destination({ dest: 1, sync: false })
  let collected = ''

  function flush(): void {
    if (collected === '') return
    destination.write(collected)
    collected = ''
  }
  setInterval(flush, DELAY).unref()
  // before pino's own listeners, which write out what the destination has and close it
  process.prependListener('beforeExit', flush)
  process.prependListener('exit', flush)

  return {
    write(line) {
      flush()
      destination.write(line)
    },
    collect(line) {
      collected += line
      if (collected.length >= ENOUGH) flush()
    },
  }
}
