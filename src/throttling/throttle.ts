/** What keeps passwords from being guessed: tries are counted before anything is hashed, and those that are too many refused. */
import type { Deps } from '../deps.ts'
import type { Tried } from '../ephemeral/tries.ts'
import { type ErrorCode, Failure } from '../errors.ts'
import { networksOf } from '../passwords/network.ts'
import { BoundedMap } from '../tokens/bounded-map.ts'
import { callerAt } from './limiter.ts'
import { SPACINGS, type TriedKind } from './spacings.ts'

/** How many refusals a process remembers. */
const REMEMBERED = 20_000

/**
 * A refusal is given again for so long without asking the store, in ms: long enough that a flood costs nothing, and short
 * enough that who is let in on another node is let in here.
 */
const REPEATED = 2000

/** The account of a device that it knows. */
export const targetOfDevice = (uid: string | undefined, digest: string): Target => ['device', `${uid} ${digest}`]

/** What is tried: its kind, and what tells it apart. */
export type Target = readonly [kind: TriedKind, name: string]

/** What tries from an address count as: its own, and for IPv6 those of the networks that it is in. */
export function targetsOfAddress(ip: string | undefined): readonly Target[] {
  const kinds = ['address', 'network', 'site'] as const
  return networksOf(callerAt(ip)).map((network, level) => [kinds[level] ?? 'site', network] as const)
}

export interface Throttle {
  /**
   * Does some work that shows whether a password is right, as one try of all these. What comes to another end than a wrong
   * password is taken back.
   * @param onWrong told how many tries there were of each, this one included
   * @throws Failure rate_limited before the work is begun; and whatever the work throws
   */
  run<T>(targets: readonly Target[], work: () => Promise<T>, onWrong?: (tries: readonly number[]) => void): Promise<T>
  /**
   * Counts a try that was made, and was refused for nothing: whoever may not try goes on being told elsewhere.
   * @returns how many tries there were
   */
  charge(target: Target): Promise<number>
  /** Forgets all tries of these. */
  forget(targets: readonly Target[]): Promise<void>
}

type Needs = Pick<Deps, 'config' | 'counts' | 'elapsed' | 'ephemeral' | 'now'>

/** Makes the throttle; it lets everything pass where nothing is limited. */
export function createThrottle(deps: Needs): Throttle {
  const refusals = new BoundedMap<string, { until: number; next: number }>(REMEMBERED)

  function refuse(key: string, next: number): never {
    deps.counts.throttled[kindOf(key)] += 1
    const retryAfter = Math.max(1, Math.ceil((next - deps.now()) / 1000))
    throw new Failure('rate_limited', { retryAfter })
  }

  function repeatRefusal(tried: readonly Tried[]): void {
    const at = deps.elapsed()
    for (const { key } of tried) {
      const known = refusals.get(key)
      if (known && known.until > at) refuse(key, known.next)
    }
  }

  /** @returns how many tries there were of each */
  async function admit(tried: readonly Tried[]): Promise<readonly number[]> {
    repeatRefusal(tried)
    const { refused, next, tries } = await deps.ephemeral.attempt(tried)
    if (refused === undefined) return tries
    refusals.set(refused, { until: deps.elapsed() + Math.min(REPEATED, next - deps.now()), next })
    refuse(refused, next)
  }

  return {
    async run(targets, work, onWrong) {
      if (deps.config.rate_limit === 'off') return work()
      const tried = targets.map(triedOf)
      const tries = await admit(tried)
      try {
        const result = await work()
        await deps.ephemeral.forgive(tried)
        return result
      } catch (failure) {
        if (isWrong(failure)) onWrong?.(tries)
        else await deps.ephemeral.forgive(tried)
        throw failure
      }
    },

    async charge(target) {
      if (deps.config.rate_limit === 'off') return 0
      const { tries } = await deps.ephemeral.attempt([triedOf(target)])
      return tries[0] ?? 0
    },

    async forget(targets) {
      const keys = targets.map((target) => triedOf(target).key)
      await deps.ephemeral.forget(keys)
      for (const key of keys) refusals.delete(key)
    },
  }
}

const WRONG: ReadonlySet<ErrorCode> = new Set(['invalid_credentials', 'current_password_wrong', 'sign_in_code_invalid'])

const isWrong = (failure: unknown) => failure instanceof Failure && WRONG.has(failure.code)

const triedOf = ([kind, name]: Target): Tried => ({ key: `${kind}:${name}`, spacing: SPACINGS[kind] })

const kindOf = (key: string) => key.slice(0, key.indexOf(':')) as TriedKind
