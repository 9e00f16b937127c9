/** The file that users are read from. */
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'

export interface Source {
  path: string
  /** in bytes */
  size: number
  /** how much of it has been read, from 0 to 1 */
  share: number
}

/** A file that cannot be imported, and why, in one line. */
export class Unreadable extends Error {
  override name = 'Unreadable'
}

/**
 * Looks at a file without reading it.
 * @throws Unreadable when there is no such file, or it may not be read
 */
export function openSource(path: string): Source {
  try {
    const stats = statSync(path)
    if (!stats.isFile()) throw new Unreadable(`${path} is not a file`)
    closeSync(openSync(path, 'r'))
    return { path, size: stats.size, share: 0 }
  } catch (cause) {
    if (cause instanceof Unreadable) throw cause
    const { code } = cause as NodeJS.ErrnoException
    const reason =
      code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read by this user' : 'cannot be read'
    throw new Unreadable(`${path} ${reason}`, { cause })
  }
}

/** How much of a file is read at once, in bytes. */
const CHUNK = 256 * 1024

const BYTE_ORDER_MARK = Buffer.from('\uFEFF')

/** The file's bytes, without the mark that some programs begin text with. */
export async function* readChunks(source: Source): AsyncGenerator<Buffer> {
  let read = 0
  for await (const chunk of createReadStream(source.path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
    const isMarked = read === 0 && chunk.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    read += chunk.length
    source.share = Math.min(1, read / source.size)
    yield isMarked ? chunk.subarray(BYTE_ORDER_MARK.length) : chunk
  }
}

/** The first bytes of a file. */
export function readHead(path: string, length: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(length)
    return head.subarray(0, readSync(file, head, 0, length, 0))
  } finally {
    closeSync(file)
  }
}
