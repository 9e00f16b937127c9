import { openThread } from '../../../operation/thread.ts'
import type { Crypt, CryptInput } from './crypt.ts'

/** A thread for crypt(3), so that requests are served meanwhile. It starts when it is first needed. */
export interface CryptThread {
  crypt: Crypt
  /** Ends the thread; what it was computing is rejected. */
  close(): Promise<void>
}

/** Makes the thread's near end. */
export function openCryptThread(): CryptThread {
  const { ask, close } = openThread<CryptInput, string>(
    new URL('./worker.ts', import.meta.url),
    'the thread for crypt(3)',
  )
  return { crypt: ask, close }
}
