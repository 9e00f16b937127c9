/** A filter out of an operator's list. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { foldPassword } from '../spelling.ts'
import { buildFilter } from './build.ts'
import type { FuseFilter } from './fuse.ts'

/**
 * Makes the filter of a list with one password a line, compressed where its name ends in `.gz`.
 * @throws Error when the list cannot be read or holds nothing
 */
export async function filterFromList(path: string): Promise<FuseFilter> {
  const passwords = new Set<string>()
  for await (const line of linesOf(path)) if (line !== '') passwords.add(foldPassword(line))
  if (passwords.size === 0) throw new Error(`${path} holds no passwords`)
  return buildFilter(passwords, 8)
}

/** A stream that fails ends `readline` as if it were over, so the failure is passed on. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path)
  const text = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  let failure: Error | undefined
  const lines = createInterface({ input: text })
  const fail = (error: Error) => {
    failure = error
    lines.close()
  }
  file.on('error', fail)
  text.on('error', fail)
  yield* lines
  if (failure) throw failure
}
