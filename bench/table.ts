/** The figures as a table, for a terminal and for a page. */
import type { Bound } from './measure.ts'
import type { Result } from './results.ts'

const HEAD = ['row', 'ours', 'other side', 'ratio', 'target', ''] as const

/** A line for each row, and one for each figure beside it that has a target of its own. */
export function linesOf(results: readonly Result[]): string[][] {
  return results.flatMap((result) => {
    const { also = [], unmeasured } = result
    if (unmeasured) return [[result.name, '', '', '', targetOf(result), `not measured: ${unmeasured}`]]
    const beside = also.filter(({ target }) => target)
    return [
      [
        result.name,
        `${shown(result.ours.median)} ${result.unit}`,
        `${shown(result.theirs.median)} ${result.unit}`,
        shown(result.ratio),
        targetOf(result),
        verdict(result.met),
      ],
      ...beside.map(({ what, median, unit, target = {}, met }) => [
        `  ${what}`,
        `${shown(median)} ${unit}`,
        '',
        '',
        boundOf(target),
        verdict(met),
      ]),
    ]
  })
}

/** Writes the table to standard output, and below it what the rows are. A missed target is said and no more: machines are noisy. */
export function printTable(results: readonly Result[]): void {
  const lines = [[...HEAD], ...linesOf(results)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  for (const line of lines) console.log(line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  console.log()
  for (const { name, ours, theirs, setting, also = [] } of results) {
    console.log(`${name}: ${ours.what} ÷ ${theirs.what}. ${setting}.`)
    for (const { what, median, unit } of also) console.log(`    ${what}: ${shown(median)} ${unit}`)
  }
}

/** The same in Markdown. */
export function markdownTable(results: readonly Result[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.trim()).join(' | ')} |`
  return [row(HEAD), row(HEAD.map(() => '---')), ...linesOf(results).map(row)].join('\n')
}

/** What is held against which bound, for people. */
export function targetOf({ target }: Pick<Result, 'target'>): string {
  if (!target) return ''
  return target.of === 'ours' ? `ours ${boundOf(target)}` : boundOf(target)
}

/** A bound in signs. */
export const boundOf = ({ least, most }: Bound) => (least === undefined ? `≤ ${most}` : `≥ ${least}`)

function verdict(met: boolean | undefined): string {
  if (met === undefined) return ''
  return met ? 'met' : 'short of target'
}

/** A figure for people: thousands apart, and no more digits than it has. */
export function shown(figure = Number.NaN): string {
  if (Number.isNaN(figure)) return '?'
  return figure.toLocaleString('en', figure < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 })
}
