/** The plots, and the part of docs/bench/README.md that changes with the figures. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Row } from './measure.ts'
import { drawBars } from './plots/bars.ts'
import { drawLines } from './plots/lines.ts'
import { drawOverview } from './plots/overview.ts'
import type { Machine, Result, Results } from './results.ts'
import { markdownTable } from './table.ts'

const FOLDER = new URL('../docs/bench/', import.meta.url)
const PAGE = new URL('README.md', FOLDER)
const [BEGIN, END] = ['<!-- figures: written by npm run bench -->', '<!-- end of figures -->']

const GROUPS: Readonly<Record<Row['group'], string>> = {
  requests: 'Requests',
  passwords: 'Passwords',
  waiting: 'Waiting while the service is busy',
  many: 'A million accounts',
  process: 'Start, memory, workers',
  import: 'Import',
}

/** Draws everything and puts it on the page. */
export function publish({ machine, rows }: Results): void {
  mkdirSync(FOLDER, { recursive: true })
  const draw = (name: string, svg: string) => writeFileSync(new URL(`${name}.svg`, FOLDER), svg)
  draw('overview', drawOverview('Every figure beside its target', rows))
  const sections = Object.entries(GROUPS).flatMap(([group, title]) => {
    const members = rows.filter((row) => row.group === group)
    if (members.length === 0) return []
    draw(group, drawBars(title, members))
    for (const { name, lines } of members) if (lines) draw(name, drawLines(lines))
    return [section(group, title, members)]
  })
  const figures = [machineLine(machine), '![Overview](overview.svg)', markdownTable(rows), ...sections].join('\n\n')
  const page = readFileSync(PAGE, 'utf8')
  const [head = '', rest = ''] = page.split(BEGIN)
  const tail = rest.split(END)[1] ?? ''
  writeFileSync(PAGE, `${head}${BEGIN}\n\n${figures}\n\n${END}${tail}`)
}

function machineLine({ cpus, cpu, memory, platform, node }: Machine): string {
  return `Measured on ${cpus} cores (${cpu}), ${memory}, ${platform}, Node ${node}; load generators and databases on the same cores.`
}

function section(group: string, title: string, rows: readonly Result[]): string {
  const plots = rows.filter(({ lines }) => lines).map(({ name, lines }) => `![${lines?.title}](${name}.svg)`)
  return [`### ${title}`, `![${title}](${group}.svg)`, ...plots, ...rows.map(describe)].join('\n\n')
}

function describe({ name, ours, theirs, setting, limits, also = [], seconds }: Result): string {
  const beside = also.map(({ what, median, unit }) => `${what}: ${median.toLocaleString('en')} ${unit}`.trim())
  return [
    `**${name}**: ${ours.what} ÷ ${theirs.what}.`,
    `Setting: ${setting}.`,
    `Not shown: ${limits}`,
    ...(beside.length > 0 ? [`Beside: ${beside.join('; ')}.`] : []),
    ...(seconds === undefined ? [] : [`Took ${seconds} s.`]),
  ].join('\n')
}
