/** What a row of the bench is, and how two sides are compared on a machine that does other things too. */

export interface Row {
  /** `npm run bench -- NAME` runs this row alone */
  name: string
  /** rows of one group share a plot */
  group: 'requests' | 'passwords' | 'waiting' | 'many' | 'process' | 'import'
  /** the two sides */
  ours: string
  theirs: string
  unit: string
  /** under which conditions, for the reader of the figures */
  setting: string
  /** what a reader might think that the row shows, and it does not */
  limits: string
  target?: Target
  /** takes minutes: only run when it is named */
  slow?: true
  run(effort: Effort): Promise<Outcome>
}

/** How long to measure. */
export interface Effort {
  rounds: number
  /** of each side in each round */
  seconds: number
  /** of full load, where memory is watched */
  minutes: number
}

export interface Bound {
  least?: number
  most?: number
}

export interface Target extends Bound {
  /** what is held against the bound: ours ÷ theirs, or ours by itself */
  of: 'ratio' | 'ours'
}

export interface Comparison {
  /** the figures of each round, in the order in which they were taken */
  ours: readonly number[]
  theirs: readonly number[]
  /** what was seen beside */
  also?: readonly Figure[]
  lines?: Lines
}

export interface Figure {
  what: string
  unit: string
  rounds: readonly number[]
  target?: Bound
}

/** Something that is more than a number. */
export interface Lines {
  title: string
  x: string
  y: string
  /** names of positions on the x axis, where these are not numbers */
  ticks?: readonly string[]
  series: readonly { name: string; points: readonly (readonly [x: number, y: number])[] }[]
}

/** Why there are no figures: what the row needs is not on this machine. */
export interface Unmeasured {
  unmeasured: string
}

export type Outcome = Comparison | Unmeasured

/** Runs every side in turn, round by round, so that whatever slows the machine down for a while slows all of them. */
export async function alternate<T extends Record<string, () => Promise<unknown>>>(
  { rounds }: Pick<Effort, 'rounds'>,
  sides: T,
): Promise<{ [Side in keyof T]: Awaited<ReturnType<T[Side]>>[] }> {
  const seen = Object.fromEntries(Object.keys(sides).map((side) => [side, [] as unknown[]]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [side, run] of Object.entries(sides)) seen[side]?.push(await run())
  }
  return seen as { [Side in keyof T]: Awaited<ReturnType<T[Side]>>[] }
}

/** The middle figure; of an even number, the upper of the two. */
export function median(figures: readonly number[]): number {
  const middle = figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]
  if (middle === undefined) throw new Error('there is nothing to take the median of')
  return middle
}
