import { Worker } from 'node:worker_threads'
import type { Crypt, CryptInput } from './crypt.ts'

/** A thread for crypt(3), so that requests are served meanwhile. It starts when it is first needed. */
export interface CryptThread {
  crypt: Crypt
  /** Ends the thread; what it was computing is rejected. */
  close(): Promise<void>
}

interface Waiting {
  resolve: (checksum: string) => void
  reject: (error: Error) => void
}

/** Makes the thread's near end. */
export function openCryptThread(): CryptThread {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let count = 0

  function start(): Worker {
    const started = new Worker(new URL('./worker.ts', import.meta.url))
    started.on('message', ({ id, checksum }: { id: number; checksum: string }) => {
      waiting.get(id)?.resolve(checksum)
      waiting.delete(id)
      // an idle thread must not keep the process alive, a busy one must
      if (waiting.size === 0) started.unref()
    })
    const giveUp = (error: Error) => {
      if (worker === started) worker = undefined
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    }
    started.on('error', giveUp)
    started.on('exit', () => giveUp(new Error('the thread for crypt(3) has ended')))
    return started
  }

  return {
    crypt: (input: CryptInput) =>
      new Promise((resolve, reject) => {
        worker ??= start()
        count += 1
        waiting.set(count, { resolve, reject })
        worker.ref()
        worker.postMessage({ id: count, input })
      }),
    close: async () => {
      await worker?.terminate()
    },
  }
}
