/** The door in front of all passwords: open, until so many are wrong that many accounts are being tried at once. */
import type { Deps } from '../deps.ts'
import { Failure } from '../errors.ts'
import { type Challenge, createProofOfWork, type ProofOfWork } from './challenge.ts'

const MINUTE = 60_000

/** Logins are counted in windows of so long, in ms. */
const WINDOW = 5 * MINUTE

/** The door is closed when so many in a window were wrong, and they were so great a share. */
const WRONG = 100
const SHARE = 0.5

/** It stays closed for so long after that was last so, in ms. */
const CLOSED = 10 * MINUTE

/** What this process has counted is added to what all have at most once in so long, in ms. */
const REPORT = 1000

export interface Gate {
  /**
   * Lets in who solved a challenge, and everybody while none is asked for.
   * @throws Failure challenge_required
   */
  pass(answer: string | undefined): Promise<void>
  /** Notes what became of a password. */
  note(isWrong: boolean): void
  issue(): Promise<ProofOfWork>
  isClosed(): boolean
}

type Needs = Pick<Deps, 'config' | 'elapsed' | 'ephemeral' | 'keys' | 'now'>

/** Makes the door. */
export function createGate(deps: Needs, challenge: Challenge<ProofOfWork> = createProofOfWork(deps)): Gate {
  const isOn = deps.config.rate_limit === 'on' && deps.config.login_challenge === 'auto'
  let all = 0
  let wrong = 0
  let reportedAt = deps.elapsed()
  let closedUntil = 0

  /** Two keys, written at most once a second by each process: a counter that each login writes would hold logins up. */
  async function report(): Promise<void> {
    const [allHere, wrongHere] = [all, wrong]
    all = 0
    wrong = 0
    reportedAt = deps.elapsed()
    // by number, so that both windows are the same, on every node
    const window = Math.floor(deps.now() / WINDOW)
    const total = await deps.ephemeral.count(`logins:${window}:all`, WINDOW, allHere)
    const bad = await deps.ephemeral.count(`logins:${window}:wrong`, WINDOW, wrongHere)
    if (bad.count >= WRONG && bad.count >= SHARE * total.count) closedUntil = deps.now() + CLOSED
  }

  const isClosed = () => closedUntil > deps.now()

  return {
    async pass(answer) {
      if (!isOn) return
      if (all > 0 && deps.elapsed() - reportedAt >= REPORT) await report()
      if (!isClosed() || (answer !== undefined && (await challenge.verify(answer)))) return
      throw new Failure('challenge_required', { detail: 'Send the answer to GET /api/v1/auth/challenge.' })
    },
    note(isWrong) {
      all += 1
      if (isWrong) wrong += 1
    },
    issue: challenge.issue,
    isClosed,
  }
}
