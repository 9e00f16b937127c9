/** Who goes first where there are more threads that want to run than cores. */
import { readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setPriority } from 'node:os'

/** On the scale of `nice`: at 10 a thread gets about a tenth of what another one gets, and all that nobody else wants. */
const LATER = 10

/** What libuv calls the threads that make hashes. */
const HASH_THREAD = 'libuv-worker'

const TASKS = '/proc/self/task'

/**
 * Puts the threads that hash behind the one that serves: a hash is milliseconds of work in which an answer of a fraction
 * of one would otherwise wait for its core. Only Linux has priorities for threads (setpriority(2), "C library/kernel
 * differences"); elsewhere nothing happens.
 * @returns how many threads step back
 */
export async function putHashingBehind(): Promise<number> {
  try {
    // some first work: libuv makes its threads, all of them, only for that
    await stat(TASKS)
    const threads = readdirSync(TASKS).filter(
      (id) => readFileSync(`${TASKS}/${id}/comm`, 'utf8').trim() === HASH_THREAD,
    )
    for (const id of threads) setPriority(Number(id), LATER)
    return threads.length
  } catch {
    // without /proc, or where a container forbids it: slower under load, and right all the same
    return 0
  }
}
