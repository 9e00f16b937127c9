/** Figures that are more than a number, as lines. */
import type { Lines } from '../measure.ts'
import { shown } from '../table.ts'
import { line, MARGIN, path, picture, text, WIDTH } from './svg.ts'

const HEIGHT = 340
const LEFT = 70
const RIGHT = WIDTH - MARGIN
const TOP = 80
const BOTTOM = HEIGHT - 50

/** From this ratio of largest to smallest on, equal steps are equal ratios. */
const FAR_APART = 30

interface Scale {
  at(figure: number): number
  ticks: readonly number[]
}

export function drawLines({ title, x, y, ticks, series }: Lines): string {
  const points = series.flatMap(({ points }) => points)
  const across = linear([...points.map(([x]) => x)], LEFT, RIGHT)
  const up = upward(points.map(([, y]) => y))
  const names =
    ticks?.map((name, index) => ({ name, index })) ?? across.ticks.map((tick) => ({ name: shown(tick), index: tick }))
  return picture(title, HEIGHT, [
    text(MARGIN, 30, title, 'title'),
    ...up.ticks.flatMap((tick) => [
      line(LEFT, up.at(tick), RIGHT, up.at(tick), 'grid'),
      text(LEFT - 8, up.at(tick) + 4, shown(tick), 'muted', 'end'),
    ]),
    ...names.map(({ name, index }) => text(across.at(index), BOTTOM + 20, name, 'muted', 'middle')),
    text(RIGHT, HEIGHT - 12, x, 'muted', 'end'),
    text(LEFT - 8, TOP - 14, y, 'muted', 'end'),
    ...series.flatMap(({ name, points }, index) => [
      path(
        points.map(([x, y]) => [across.at(x), up.at(y)] as const),
        `line-${index}`,
      ),
      line(LEFT + index * 260, 54, LEFT + index * 260 + 24, 54, `line-${index}`),
      text(LEFT + index * 260 + 30, 58, name),
    ]),
  ])
}

/** From zero, in about five steps of 1, 2 or 5 times a power of ten. */
function linear(figures: readonly number[], from: number, to: number): Scale {
  const most = Math.max(...figures, 1e-9)
  const rough = most / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1)
  const ticks = Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, index) => index * step)
  return { at: (figure) => from + ((to - from) * figure) / most, ticks }
}

/** Linear, or in powers of ten where the figures are far apart. */
function upward(figures: readonly number[]): Scale {
  const [least, most] = [Math.min(...figures), Math.max(...figures)]
  if (least <= 0 || most / least < FAR_APART) return linear(figures, BOTTOM, TOP)
  const [low, high] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))]
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
  return { at: (figure) => BOTTOM + ((TOP - BOTTOM) * (Math.log10(figure) - low)) / (high - low), ticks }
}
