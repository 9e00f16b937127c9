/** Whether two sets of samples could come from one source. */

/** Of equal length; what stands at one index was taken at one moment. */
export interface Pairs {
  known: readonly number[]
  unknown: readonly number[]
}

const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)

export function median(numbers: readonly number[]): number {
  const sorted = ascending(numbers)
  const middle = sorted.length >> 1
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** The upper tail of the normal distribution, both sides (Abramowitz and Stegun 7.1.26; error below 2e-7). */
function bothTails(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  return series * Math.exp(-x * x)
}

/**
 * Mann and Whitney's test, by the normal distribution: does one side tend to be greater?
 * @returns the p-value, both sides
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, own: 1 })), ...b.map((value) => ({ value, own: 0 }))].sort(
    (one, other) => one.value - other.value,
  )
  let ranks = 0
  let ties = 0
  for (let start = 0; start < all.length; ) {
    let end = start
    while (end < all.length && all[end]?.value === all[start]?.value) end += 1
    const shared = end - start
    const rank = (start + end + 1) / 2
    for (let index = start; index < end; index += 1) ranks += (all[index]?.own ?? 0) * rank
    ties += shared ** 3 - shared
    start = end
  }
  const [m, n] = [a.length, b.length]
  const total = m + n
  const u = ranks - (m * (m + 1)) / 2
  const deviation = Math.sqrt(((m * n) / 12) * (total + 1 - ties / (total * (total - 1))))
  return bothTails((u - (m * n) / 2) / deviation)
}

const PERMUTATIONS = 2000

/**
 * How often the medians differ by as much when the two of each pair change places at random, which they may if nothing
 * tells them apart.
 * @returns the p-value
 */
export function permuteMedians({ known, unknown }: Pairs): number {
  const seen = Math.abs(median(known) - median(unknown))
  let asMuch = 0
  for (let time = 0; time < PERMUTATIONS; time += 1) {
    const [one, other] = [[...known], [...unknown]]
    for (let index = 0; index < one.length; index += 1) {
      if (Math.random() < 0.5) continue
      const value = one[index] as number
      one[index] = other[index] as number
      other[index] = value
    }
    if (Math.abs(median(one) - median(other)) >= seen) asMuch += 1
  }
  return (asMuch + 1) / (PERMUTATIONS + 1)
}

/** How sure the power is to be, and of what share of differences. */
const POWER = 0.9
const TRIALS = 60

/**
 * The least delay of one side that the rank test would find in nine of ten runs with as many samples, by trial: samples of
 * one side are drawn anew for both, and one of them is delayed.
 * @param level of significance
 * @returns in the unit of the samples; undefined where not even the longest that is tried would be found
 */
export function findable(samples: readonly number[], level: number): number | undefined {
  const draw = (delay: number) =>
    samples.map(() => (samples[Math.floor(Math.random() * samples.length)] as number) + delay)
  for (const delay of [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 1000, 2000]) {
    let found = 0
    for (let trial = 0; trial < TRIALS; trial += 1) if (mannWhitney(draw(0), draw(delay)) < level) found += 1
    if (found >= POWER * TRIALS) return delay
  }
  return undefined
}
