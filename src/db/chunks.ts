/** How many values one statement lists at most: enough to be fast, and far below what either database can take. */
const LARGEST = 256

/**
 * Cuts a list into pieces whose sizes are powers of two. Statements of few different lengths are few statements, so
 * that keeping each one prepared costs little memory.
 */
export function* inChunks<T>(values: readonly T[]): Generator<readonly T[]> {
  let start = 0
  for (let size = LARGEST; start < values.length; ) {
    if (size > values.length - start) size /= 2
    else {
      yield values.slice(start, start + size)
      start += size
    }
  }
}
