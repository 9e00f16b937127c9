/** What was measured, as it is printed, kept and drawn. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { type Bound, type Figure, type Lines, median, type Outcome, type Row, type Target } from './measure.ts'

const FILE = new URL('./results.json', import.meta.url)

/** A row and its figures, as they are kept in `results.json`. */
export interface Result extends Omit<Row, 'run' | 'ours' | 'theirs' | 'target' | 'slow'> {
  ours: Measured
  theirs: Measured
  /** of the medians; absent where nothing could be measured */
  ratio?: number
  target?: Target
  met?: boolean
  unmeasured?: string
  also?: readonly (Figure & { median: number; met?: boolean })[]
  lines?: Lines
  /** how long the row took; older figures do not say */
  seconds?: number
}

export interface Measured {
  what: string
  rounds: readonly number[]
  median?: number
}

/** What all rows were measured on. */
export interface Machine {
  cpus: number
  cpu: string
  memory: string
  platform: string
  node: string
}

export interface Results {
  machine: Machine
  rows: readonly Result[]
}

/** Puts the outcome of a row beside what it is about. */
export function resultOf({ run: _, slow: __, ...row }: Row, outcome: Outcome, seconds: number): Result {
  const [ours, theirs] = [row.ours, row.theirs]
  if ('unmeasured' in outcome)
    return { ...row, ours: side(ours), theirs: side(theirs), unmeasured: outcome.unmeasured, seconds }
  const ratio = median(outcome.ours) / median(outcome.theirs)
  const { target } = row
  return {
    ...row,
    ours: side(ours, outcome.ours),
    theirs: side(theirs, outcome.theirs),
    ratio: rounded(ratio),
    ...(target && { met: holds(target, target.of === 'ratio' ? ratio : median(outcome.ours)) }),
    ...(outcome.also && { also: outcome.also.map(figureOf) }),
    ...(outcome.lines && { lines: outcome.lines }),
    seconds,
  }
}

function side(what: string, rounds: readonly number[] = []): Measured {
  return { what, rounds: rounds.map(rounded), ...(rounds.length > 0 && { median: rounded(median(rounds)) }) }
}

function figureOf(figure: Figure) {
  const middle = median(figure.rounds)
  const met = figure.target && { met: holds(figure.target, middle) }
  return { ...figure, rounds: figure.rounds.map(rounded), median: rounded(middle), ...met }
}

function holds({ least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Bound, figure: number): boolean {
  return figure >= least && figure <= most
}

/** Four digits say all that a bench knows. */
function rounded(figure: number): number {
  return Math.abs(figure) >= 1000 ? Math.round(figure) : Number(figure.toPrecision(4))
}

/** What is kept from earlier runs. */
export function read(): Results {
  if (!existsSync(FILE)) return { machine: machine(), rows: [] }
  return JSON.parse(readFileSync(FILE, 'utf8')) as Results
}

/**
 * Keeps the figures, without a date, so that a rerun is a plain diff. Rows that were not measured stay as they were.
 * @param names of all rows that there are, in their order
 */
export function write(measured: readonly Result[], names: readonly string[]): Results {
  const byName = new Map([...read().rows, ...measured].map((row) => [row.name, row]))
  const results = { machine: machine(), rows: names.flatMap((name) => byName.get(name) ?? []) }
  writeFileSync(FILE, `${JSON.stringify(results, null, 2)}\n`)
  return results
}

function machine(): Machine {
  return {
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
  }
}
