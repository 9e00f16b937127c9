/** Who goes first where there are more threads that want to run than cores. */
import { readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { getPriority, setPriority } from 'node:os'

/** Steps on the scale of `nice`: 10 below another thread, one gets about a tenth of its time, and all that nobody else wants. */
const STEPS_BEHIND = 10

/** Last on that scale. */
const LAST = 19

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
    const behind = Math.min(LAST, getPriority() + STEPS_BEHIND)
    for (const id of threads) setPriority(Number(id), behind)
    return threads.length
  } catch {
    // without /proc, or where a container forbids it: slower under load, and right all the same
    return 0
  }
}
