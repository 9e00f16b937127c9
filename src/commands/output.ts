/** Where a command's data goes: a new file, or standard output. */
import { once } from 'node:events'
import { createWriteStream, openSync } from 'node:fs'
import { finished } from 'node:stream/promises'
import { printable } from '../operation/printable.ts'

/**
 * Opens a file that is not there yet, for its owner alone, or standard output.
 * @throws when the file exists, or cannot be made
 */
export function openOutput(path: string | undefined) {
  const stream = path === undefined ? process.stdout : createWriteStream(path, { fd: create(path) })
  const isTerminal = path === undefined && process.stdout.isTTY
  let failure: Error | undefined
  stream.on('error', (error: Error) => {
    failure = error
  })
  const check = () => {
    if (failure) throw failure
  }
  return {
    /** Waits while the reader is slower. */
    async write(text: string): Promise<void> {
      check()
      if (!stream.write(isTerminal ? printable(text) : text))
        await Promise.race([once(stream, 'drain'), once(stream, 'close')])
    },
    async end(): Promise<void> {
      check()
      if (stream === process.stdout) return
      stream.end()
      await finished(stream)
    },
  }
}

function create(path: string): number {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new Error(code === 'EEXIST' ? `${path} exists already; nothing was written` : message, { cause })
  }
}
