/** What is counted while the service works: plain numbers, so that counting costs a request nothing; metrics read them. */
import type { RefreshOutcome } from './sessions/refresh.ts'
import type { EndReason } from './sessions/session.ts'
import { BUDGET_NAMES, type Budget } from './throttling/budgets.ts'
import { LIMIT_CLASSES, type LimitClass } from './throttling/classes.ts'
import type { TriedKind } from './throttling/spacings.ts'

/** How long things took, by size. */
export interface Durations {
  /** upper bounds of the buckets, in ms, ascending; one more bucket has none */
  readonly bounds: readonly number[]
  /** how many fell into each bucket, and into no bucket before it */
  readonly counts: number[]
  /** of everything, in ms */
  sum: number
}

/** From well below a memory's answer to what no client waits for, in ms. */
const BOUNDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]

/** Makes an empty one. */
export function createDurations(bounds: readonly number[] = BOUNDS): Durations {
  return { bounds, counts: new Array(bounds.length + 1).fill(0), sum: 0 }
}

/** Adds one, in ms. */
export function observe(durations: Durations, ms: number): void {
  const { bounds, counts } = durations
  let bucket = 0
  while (bucket < bounds.length && ms > (bounds[bucket] as number)) bucket += 1
  counts[bucket] = (counts[bucket] as number) + 1
  durations.sum += ms
}

/** Runs the work and notes how long it took, also when it fails. */
export async function timed<T>(durations: Durations, work: () => Promise<T>): Promise<T> {
  const begun = performance.now()
  try {
    return await work()
  } finally {
    observe(durations, performance.now() - begun)
  }
}

/** Look-ups: answered from this node's memory, or not. */
interface Memory {
  hits: number
  misses: number
}

/** Everything that is counted since the start. */
export interface Counts {
  /** access tokens shown to the guard: verified before, or now */
  tokens: Memory
  /** sessions behind them: remembered, or read */
  sessions: Memory
  /** guarded requests that memory answered altogether: a hit of both */
  remembered: number
  refreshes: Record<RefreshOutcome, number>
  /** sessions that were ended before their time, by this node */
  ended: Record<EndReason, number>
  /** calls that were refused because their caller had made too many of their class */
  limited: Record<LimitClass, number>
  /** questions to the breach API, by what became of them */
  breach_api: Record<'answered' | 'failed', number>
  /** tries of passwords that were refused because there were too many before, by what was counted */
  throttled: Record<TriedKind, number>
  /** what the steps of a query took */
  database: Record<'connection' | 'begin' | 'statement' | 'commit', Durations>
  /** what Redis took for a command */
  redis: Durations
  /** from the writing of news on another node to its being heard here */
  news: Durations
  /** messages that this node sent, that it could not send (yet), and that it gave up */
  mail: Record<'sent' | 'failed' | 'abandoned', number>
  /** messages that were not sent because a budget was used up, by that budget; notices were put off to a digest */
  withheld: Record<Budget, number>
  /** messages that wait, and since when the oldest does (epoch ms), when this node last looked */
  outbox: { waiting: number; oldest: number | undefined }
}

/** Everything at nought. */
export function createCounts(): Counts {
  return {
    tokens: { hits: 0, misses: 0 },
    sessions: { hits: 0, misses: 0 },
    remembered: 0,
    refreshes: { refreshed: 0, repeated: 0, reused: 0, ended: 0, expired: 0, invalid: 0 },
    ended: {
      logout: 0,
      logout_all: 0,
      revoked_by_owner: 0,
      revoked_by_admin: 0,
      revoked_by_operator: 0,
      password_changed: 0,
      account_disabled: 0,
      email_change_undone: 0,
      refresh_token_reused: 0,
      single_use_token_reused: 0,
      session_limit: 0,
    },
    limited: Object.fromEntries(LIMIT_CLASSES.map((name) => [name, 0])) as Record<LimitClass, number>,
    breach_api: { answered: 0, failed: 0 },
    throttled: { name: 0, device: 0, session: 0, address: 0, network: 0, site: 0 },
    database: {
      connection: createDurations(),
      begin: createDurations(),
      statement: createDurations(),
      commit: createDurations(),
    },
    redis: createDurations(),
    news: createDurations(),
    mail: { sent: 0, failed: 0, abandoned: 0 },
    withheld: Object.fromEntries(BUDGET_NAMES.map((name) => [name, 0])) as Record<Budget, number>,
    outbox: { waiting: 0, oldest: undefined },
  }
}
