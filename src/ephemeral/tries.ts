/** Tries of one thing, such as an account's password: a few at will, then with growing waits between them. */

/** How tries are spaced out. */
export interface Spacing {
  /** so many need not wait for one another */
  free: number
  /** how long the next one after these has to wait, in ms; each one more doubles it */
  first: number
  /** the longest wait, in ms */
  longest: number
  /** one try is forgotten in each such time, in ms */
  memory: number
}

/** What is tried, by whatever name it has. */
export interface Tried {
  key: string
  spacing: Spacing
}

/** What is kept of the tries under one key, in epoch ms: the last one, and when all will be forgotten. */
export interface Tries {
  last: number
  forgotten: number
}

/** What became of a try. */
export interface Attempt {
  /** the key that has to wait; undefined where the try counts */
  refused: string | undefined
  /** how many are remembered under each key, this one included if it counts */
  tries: readonly number[]
  /** when the next one may be made, epoch ms */
  next: number
}

/** How long the next try has to wait after so many, in ms. */
export function waitAfter(tries: number, { free, first, longest }: Spacing): number {
  return tries < free ? 0 : Math.min(longest, first * 2 ** (tries - free))
}

/** What one try makes of the tries before it. */
interface Judged {
  isAllowed: boolean
  tries: number
  next: number
  /** to be kept if it counts */
  after: Tries
}

/** Judges one try at the moment `at`. */
export function judgeTry(before: Tries, spacing: Spacing, at: number): Judged {
  // a last one that is still to come was made before the clock was set back
  const last = Math.min(before.last, at)
  const known = countTries(before.forgotten - last, spacing)
  const next = last + waitAfter(known, spacing)
  if (at < next) return { isAllowed: false, tries: known, next, after: before }
  const forgotten = Math.max(at, before.forgotten) + spacing.memory
  const tries = countTries(forgotten - at, spacing)
  return { isAllowed: true, tries, next: at + waitAfter(tries, spacing), after: { last: at, forgotten } }
}

const countTries = (left: number, { memory }: Spacing) => Math.max(0, Math.ceil(left / memory))

/** No tries at all. */
export const NONE: Tries = { last: 0, forgotten: 0 }

/** Joins what was judged of several keys: the try counts under all of them, or under none. */
export function joinTries(tried: readonly Tried[], judged: readonly Judged[]): Attempt {
  const refusals = judged.flatMap(({ isAllowed, next }, index) => (isAllowed ? [] : [{ next, key: tried[index]?.key }]))
  const [worst] = refusals.toSorted((a, b) => b.next - a.next)
  return {
    refused: worst?.key,
    tries: judged.map(({ tries }) => tries),
    next: worst?.next ?? Math.max(...judged.map(({ next }) => next)),
  }
}
