/** Two servers under the same load, one after the other. */
import { alternate, type Comparison, type Effort, type Figure } from '../measure.ts'
import { load, type Request, type Throughput } from './closed.ts'

/** A server, and what is asked of it. */
export interface Side {
  pid: number
  request: Request
}

/** A third one, of which only the rate and its ratio to the other side are told. */
export interface Beside extends Side {
  what: string
}

/** Before the first figure both sides are loaded this long, so that their code is compiled and their caches are full; in s. */
const WARM_UP = 3

/**
 * Requests per second of both sides, with what an answer costs in CPU time, which other work on the machine disturbs
 * less, and with what the load generator takes.
 */
export async function compareLoads(
  effort: Effort,
  connections: number,
  sides: { ours: Side; theirs: Side; beside?: Beside },
): Promise<Comparison> {
  const run = ({ pid, request }: Side, seconds: number) => load(request, { connections, seconds, pid })
  for (const side of Object.values(sides)) await run(side, Math.min(WARM_UP, effort.seconds))
  const { beside } = sides
  const seen = await alternate(effort, {
    ours: () => run(sides.ours, effort.seconds),
    theirs: () => run(sides.theirs, effort.seconds),
    beside: async () => beside && (await run(beside, effort.seconds)).rate,
  })
  const besides = beside ? figuresBeside(beside.what, seen.beside, seen.theirs) : []
  return {
    ours: seen.ours.map(({ rate }) => rate),
    theirs: seen.theirs.map(({ rate }) => rate),
    also: [...costs('ours', seen.ours), ...costs('other side', seen.theirs), ...besides],
  }
}

/** The figures that are told beside requests per second. */
export function costs(side: string, seen: readonly Throughput[]): Figure[] {
  return [
    { what: `CPU time of an answer, ${side}`, unit: 'µs', rounds: seen.map(({ cost }) => cost) },
    { what: `server, ${side}`, unit: 'cores', rounds: seen.map(({ cost, rate }) => (cost * rate) / 1e6) },
    { what: `load generator, ${side}`, unit: 'cores', rounds: seen.map(({ generator }) => generator) },
  ]
}

function figuresBeside(what: string, rates: readonly (number | undefined)[], theirs: readonly Throughput[]): Figure[] {
  const rounds = rates.map((rate) => rate ?? Number.NaN)
  const ratios = rounds.map((rate, round) => rate / (theirs[round]?.rate ?? Number.NaN))
  return [
    { what, unit: 'requests/s', rounds },
    { what: `${what} ÷ other side`, unit: '', rounds: ratios },
  ]
}
