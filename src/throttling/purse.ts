/** What strangers may have sent by the service as a whole; when it is used up, they do some work for each message. */
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { type Challenge, createProofOfWork, type ProofOfWork } from './challenge.ts'

export interface Purse {
  /**
   * Counts a call that may send something, whether or not it will: that must not be seen from here.
   * @param answer to a challenge, as it was sent
   * @throws Failure challenge_required; rate_limited where nobody is asked for challenges
   */
  pay(answer: string | undefined): Promise<void>
}

const KEY = 'mail:service'

type Needs = Pick<Deps, 'config' | 'counts' | 'elapsed' | 'ephemeral' | 'keys' | 'now'>

/** Makes the purse of all nodes together. */
export function createPurse(deps: Needs, challenge: Challenge<ProofOfWork> = createProofOfWork(deps)): Purse {
  const { config, counts, elapsed, ephemeral, now } = deps
  const { most, window } = config.rate_limits.mail_service
  // what is empty stays so to the end of the window, and a flood costs the store nothing more
  let emptyUntil = Number.NEGATIVE_INFINITY

  async function isEmpty(): Promise<boolean> {
    if (emptyUntil > elapsed()) return true
    const { count, resets_at } = await ephemeral.count(KEY, window)
    if (count <= most) return false
    emptyUntil = elapsed() + resets_at - now()
    return true
  }

  return {
    async pay(answer) {
      if (config.rate_limit === 'off' || !(await isEmpty())) return
      if (config.login_challenge === 'auto' && answer !== undefined && (await challenge.verify(answer))) return
      counts.withheld.mail_service += 1
      if (config.login_challenge === 'auto')
        throw new Failure('challenge_required', { detail: 'Send the answer to GET /api/v1/auth/challenge.' })
      throw new Failure('rate_limited', { retryAfter: Math.max(1, Math.ceil((emptyUntil - elapsed()) / 1000)) })
    },
  }
}
