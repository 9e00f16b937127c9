/** Where the log goes: lines are collected, so that one write serves many requests. */
import cluster from 'node:cluster'
import { writeSync } from 'node:fs'
import { holdThread } from './hold.ts'

/** Takes whole lines. */
export interface LogOutput {
  write(line: string): void
  /** for lines that may wait a moment for others; `write` where there is no such thing */
  collect?(line: string): void
}

/**
 * How much is collected before it is written, in bytes. A pipe takes four such pieces before its reader has to come.
 * Workers write to one pipe, which takes 4096 bytes in one piece (POSIX, PIPE_BUF); of more, another worker's lines could
 * come in between.
 */
const ENOUGH = cluster.isWorker ? 4000 : 16_000

/** How long a line waits for others at the most, in ms. */
const DELAY = 200

/**
 * Standard output. The lines of requests are collected: a write for each would hold the requests up. An exit writes
 * what is left.
 */
export function standardOutput(): LogOutput {
  const collected = Buffer.allocUnsafe(ENOUGH)
  let length = 0

  function flush(): void {
    if (length > 0) writeOut(collected.subarray(0, length))
    length = 0
  }
  setInterval(flush, DELAY).unref()
  process.on('exit', flush)

  return {
    write(line) {
      flush()
      writeOut(Buffer.from(line))
    },
    collect(line) {
      const size = Buffer.byteLength(line)
      if (length + size > ENOUGH) flush()
      if (size > ENOUGH) writeOut(Buffer.from(line))
      else length += collected.write(line, length)
    },
  }
}

const STANDARD_OUTPUT = 1

/** How long to wait for a reader whose pipe is full, where the system does not wait by itself, in ms. */
const PAUSE = 10

/**
 * Writes on this thread. libuv's threads hash passwords: while people log in each write waited there for its turn, and
 * what was logged meanwhile came to hundreds of megabytes. A reader that stops reading stops the service, which loses no
 * line and no memory; what the system refuses, as a full disk does, is lost, and the service goes on.
 */
function writeOut(bytes: Buffer): void {
  for (let from = 0; from < bytes.length; ) {
    try {
      from += writeSync(STANDARD_OUTPUT, bytes, from)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      holdThread(PAUSE)
    }
  }
}
