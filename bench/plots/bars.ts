/** Both sides of some rows as bars, each row on a scale of its own. */
import type { Measured, Result } from '../results.ts'
import { shown, targetOf } from '../table.ts'
import { dot, MARGIN, picture, rect, text, WIDTH } from './svg.ts'

const ROW = 122
const TOP = 46
const BAR = 12

/** Where bars end at the most: behind them stands the figure. */
const LONGEST = WIDTH - 2 * MARGIN - 130

export function drawBars(title: string, results: readonly Result[]): string {
  const rows = results.map((result, index) => drawRow(result, TOP + 24 + index * ROW))
  return picture(title, TOP + results.length * ROW + 10, [text(MARGIN, 30, title, 'title'), ...rows.flat()])
}

function drawRow(result: Result, y: number): string[] {
  const { name, ours, theirs, ratio, target, unmeasured, unit } = result
  const head = [
    text(MARGIN, y, name, 'name'),
    text(WIDTH - MARGIN, y, `ratio ${shown(ratio)}${target ? `, target ${targetOf({ target })}` : ''}`, 'muted', 'end'),
  ]
  if (unmeasured) return [text(MARGIN, y, name, 'name'), text(MARGIN, y + 20, `not measured: ${unmeasured}`, 'muted')]
  const most = Math.max(...ours.rounds, ...theirs.rounds)
  return [...head, ...drawSide(ours, unit, most, y + 22, 'ours'), ...drawSide(theirs, unit, most, y + 60, 'theirs')]
}

/** A bar for the median, and a dot for each round. */
function drawSide({ what, median = 0, rounds }: Measured, unit: string, most: number, y: number, kind: string) {
  const length = (figure: number) => (LONGEST * figure) / most
  return [
    text(MARGIN, y, what, 'muted'),
    rect(MARGIN, y + 7, length(median), BAR, kind),
    ...rounds.map((figure) => dot(MARGIN + length(figure), y + 7 + BAR / 2, 2.5, 'round')),
    text(MARGIN + Math.max(length(median), ...rounds.map(length)) + 8, y + 18, `${shown(median)} ${unit}`),
  ]
}
