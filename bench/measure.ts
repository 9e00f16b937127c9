/** What a row of the bench is, and how two sides are compared on a machine that does other things too. */

export interface Row {
  /** `npm run bench -- NAME` runs this row alone */
  name: string
  /** the two sides */
  ours: string
  theirs: string
  unit: string
  /** under which conditions, for the reader of the figures */
  setting: string
  /** the least ratio that will do, and the one to reach later */
  target: number
  later?: number
  /** takes minutes: only run when it is named */
  slow?: true
  run(): Promise<Comparison>
}

export interface Comparison {
  /** the figures of each round, in the order in which they were taken */
  ours: readonly number[]
  theirs: readonly number[]
}

const ROUNDS = 3

/** Measures both sides in turn, so that whatever slows the machine down for a while slows both. */
export async function alternate(ours: () => Promise<number>, theirs: () => Promise<number>): Promise<Comparison> {
  const figures = { ours: [] as number[], theirs: [] as number[] }
  for (let round = 0; round < ROUNDS; round += 1) {
    figures.ours.push(await ours())
    figures.theirs.push(await theirs())
  }
  return figures
}

/** The middle figure; of an even number, the upper of the two. */
export function median(figures: readonly number[]): number {
  const middle = figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]
  if (middle === undefined) throw new Error('there is nothing to take the median of')
  return middle
}
