/** Where the log goes: lines are collected, and written apart from the requests that they tell of. */
import cluster from 'node:cluster'
import pino from 'pino'

/** Takes whole lines. */
export interface LogOutput {
  write(line: string): void
  /** for lines that may wait a moment for others; `write` where there is no such thing */
  collect?(line: string): void
}

/**
 * How much is collected before it is written, in bytes. Workers write to one pipe, which takes 4096 bytes in one
 * piece (POSIX, PIPE_BUF); of more, another worker's lines could come in between.
 */
const ENOUGH = cluster.isWorker ? 4000 : 64_000

/** How long a line waits for others at the most, in ms. */
const DELAY = 200

/**
 * Standard output. The lines of requests are collected: a write for each would hold the requests up. An exit writes
 * what is left.
 */
export function standardOutput(): LogOutput {
  const destination = pino.destination({ dest: 1, sync: false, maxWrite: ENOUGH })
  // bytes: a text of so many pieces would be put together at the end, out of the processor's cache, at three times the cost
  const collected = Buffer.allocUnsafe(ENOUGH)
  let length = 0

  function flush(): void {
    if (length === 0) return
    destination.write(collected.toString('utf8', 0, length))
    length = 0
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
      const size = Buffer.byteLength(line)
      if (length + size > ENOUGH) flush()
      if (size > ENOUGH) destination.write(line)
      else length += collected.write(line, length)
    },
  }
}
