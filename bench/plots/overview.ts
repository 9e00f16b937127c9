/** Every figure against its target: to the right of the line is better. */
import type { Bound } from '../measure.ts'
import type { Result } from '../results.ts'
import { boundOf, shown } from '../table.ts'
import { dot, line, MARGIN, picture, text, WIDTH } from './svg.ts'

const ROW = 24
const TOP = 70
const LEFT = 265
const RIGHT = WIDTH - 165

interface Point {
  name: string
  figure: number
  bound: Bound
  unit: string
}

export function drawOverview(title: string, results: readonly Result[]): string {
  const points = results.flatMap(pointsOf)
  const far = Math.max(2, ...points.map((point) => Math.max(goodness(point), 1 / goodness(point))))
  const x = (share: number) => (LEFT + RIGHT) / 2 + ((RIGHT - LEFT) / 2) * (Math.log(share) / Math.log(far))
  const bottom = TOP + points.length * ROW
  const rows = points.flatMap((point, index) => drawPoint(point, x, TOP + index * ROW + 12))
  return picture(title, bottom + 20, [
    text(MARGIN, 30, title, 'title'),
    text(x(1), 54, 'target', 'muted', 'middle'),
    text(x(far), 54, `${shown(far)} times better`, 'muted', 'middle'),
    text(x(1 / far), 54, `${shown(far)} times short`, 'muted', 'middle'),
    line(x(1), 62, x(1), bottom, 'target'),
    ...rows,
  ])
}

function pointsOf({ name, ours, ratio, target, also = [], unit }: Result): Point[] {
  const beside = also.flatMap(({ what, median, target, unit }) =>
    target ? [{ name: what, figure: median, bound: target, unit }] : [],
  )
  const figure = target?.of === 'ours' ? ours.median : ratio
  if (!target || figure === undefined) return beside
  return [{ name, figure, bound: target, unit: target.of === 'ours' ? unit : '' }, ...beside]
}

/** 1 is on target, 2 twice as good. */
function goodness({ figure, bound: { least, most } }: Point): number {
  return least === undefined ? (most ?? figure) / figure : figure / least
}

function drawPoint(point: Point, x: (share: number) => number, y: number): string[] {
  const share = goodness(point)
  const kind = share >= 1 ? 'met' : 'short'
  return [
    text(MARGIN, y + 4, point.name),
    line(MARGIN, y + 12, WIDTH - MARGIN, y + 12, 'grid'),
    dot(x(share), y, 6, kind),
    text(WIDTH - MARGIN, y + 4, `${shown(point.figure)} ${point.unit} (${boundOf(point.bound)})`, 'muted', 'end'),
  ]
}
