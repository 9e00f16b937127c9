/** How long a password would stand guessing, by zxcvbn (D. L. Wheeler, USENIX Security 2016). */
import { Failure } from '../../errors.ts'
import { openThread } from '../../operation/thread.ts'

/** Only so many characters are looked at, since the time that it takes grows faster than they do. */
export const ESTIMATED = 64

/** Whoever would have to wait for more than so many estimates is refused: one takes some ms. */
const LONGEST_LINE = 64

/** A client that was refused may try again after this, in s. */
const RETRY_AFTER = 2

export interface EstimateInput {
  password: string
  /** what its owner and the service are called */
  names: readonly string[]
}

export interface Estimate {
  /** from 0, which anybody guesses, to 4 */
  score: number
  /** how many guesses it takes, as a power of ten */
  guesses_log10: number
  /** what is wrong with it, in English */
  warning?: string
  /** what would be better, in English */
  suggestions: string[]
}

export interface StrengthEstimator {
  /** @throws Failure overloaded */
  estimate(input: EstimateInput): Promise<Estimate>
  /** Ends the thread that estimates. */
  close(): Promise<void>
}

/** The thread takes some 80 MB for its dictionaries, until nobody has asked for this long, in ms. */
const IDLE = 60_000

/** Makes the estimator. */
export function createStrengthEstimator(): StrengthEstimator {
  const thread = openThread<EstimateInput, Estimate>(
    new URL('./worker.ts', import.meta.url),
    'the thread for estimates',
    IDLE,
  )
  return {
    async estimate(input) {
      if (thread.waiting() >= LONGEST_LINE) throw new Failure('overloaded', { retryAfter: RETRY_AFTER })
      return thread.ask(input)
    },
    close: thread.close,
  }
}
