/** Two servers under the same load, one after the other. */
import { alternate, type Comparison, type Effort, type Figure } from '../measure.ts'
import { load, type Request, type Throughput } from './closed.ts'

/** A server, and what is asked of it. */
export interface Side {
  pid: number
  request: Request
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
  sides: { ours: Side; theirs: Side },
): Promise<Comparison> {
  const run = ({ pid, request }: Side, seconds: number) => load(request, { connections, seconds, pid })
  for (const side of [sides.ours, sides.theirs]) await run(side, Math.min(WARM_UP, effort.seconds))
  const seen = await alternate(effort, {
    ours: () => run(sides.ours, effort.seconds),
    theirs: () => run(sides.theirs, effort.seconds),
  })
  return {
    ours: seen.ours.map(({ rate }) => rate),
    theirs: seen.theirs.map(({ rate }) => rate),
    also: [...costs('ours', seen.ours), ...costs('other side', seen.theirs)],
  }
}

/** The figures that are told beside requests per second. */
export function costs(side: string, seen: readonly Throughput[]): Figure[] {
  return [
    { what: `CPU time of an answer, ${side}`, unit: 'µs', rounds: seen.map(({ cost }) => cost) },
    { what: `load generator, ${side}`, unit: 'cores', rounds: seen.map(({ generator }) => generator) },
  ]
}
