/** Work that would hold up requests, in a thread of its own. */
import { Worker } from 'node:worker_threads'

export interface Thread<I, O> {
  /** How much is being worked on or waits. */
  waiting(): number
  /** @throws Error when the work fails with the thread, or the thread is closed meanwhile */
  ask(input: I): Promise<O>
  /** Ends the thread; what it was at is rejected. */
  close(): Promise<void>
}

interface Waiting<O> {
  resolve: (output: O) => void
  reject: (error: Error) => void
}

/**
 * The near end of a thread, which starts when it is first needed, and again after it has ended.
 * @param script what it runs: for each message `{ id, input }` it posts `{ id, output }`
 * @param name what it is called when it ends
 * @param idle after so many ms without work it ends, with all that it holds in memory
 */
export function openThread<I, O>(script: URL, name: string, idle?: number): Thread<I, O> {
  const waiting = new Map<number, Waiting<O>>()
  let worker: Worker | undefined
  let count = 0
  let rest: NodeJS.Timeout | undefined

  function start(): Worker {
    const started = new Worker(script)
    started.on('message', ({ id, output }: { id: number; output: O }) => {
      waiting.get(id)?.resolve(output)
      waiting.delete(id)
      if (waiting.size === 0) leaveIdle(started)
    })
    const giveUp = (error: Error) => {
      if (worker !== started) return
      worker = undefined
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    }
    started.on('error', giveUp)
    started.on('exit', () => giveUp(new Error(`${name} has ended`)))
    return started
  }

  /** An idle thread must not keep the process alive; a busy one must. */
  function leaveIdle(thread: Worker): void {
    thread.unref()
    if (idle === undefined) return
    rest = setTimeout(() => {
      // who asks from now on gets a new one
      worker = undefined
      void thread.terminate()
    }, idle).unref()
  }

  return {
    waiting: () => waiting.size,
    ask: (input) =>
      new Promise((resolve, reject) => {
        clearTimeout(rest)
        worker ??= start()
        count += 1
        waiting.set(count, { resolve, reject })
        worker.ref()
        worker.postMessage({ id: count, input })
      }),
    close: async () => {
      clearTimeout(rest)
      await worker?.terminate()
    },
  }
}
