import { NO_ANSWER } from './postgres-pool.ts'

/**
 * Rejects after so many ms, whatever becomes of the work: it goes on, and whoever began it has to see to what it brings.
 */
export function inTime<T>(work: Promise<T>, limit: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(NO_ANSWER)), limit)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** Whether it was the time that ended the waiting. */
export const isLate = (error: unknown): boolean => error instanceof Error && error.message === NO_ANSWER
