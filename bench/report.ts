/** The figures for people, and the figures for programs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { type Comparison, median, type Row } from './measure.ts'

const FILE = new URL('./results.json', import.meta.url)

export interface Result extends Comparison {
  row: Row
}

/** The ratio of the medians. */
function ratioOf({ ours, theirs }: Comparison): number {
  return median(ours) / median(theirs)
}

/** Writes the table to standard output. A missed target is said and no more: machines are noisy. */
export function printTable(results: readonly Result[]): void {
  const lines = [
    ['row', 'ours', 'other side', 'ratio', 'target', 'later', ''],
    ...results.map((result) => {
      const { row, ours, theirs } = result
      const ratio = ratioOf(result)
      return [
        row.name,
        `${shown(median(ours))} ${row.unit}`,
        `${shown(median(theirs))} ${row.unit}`,
        ratio.toFixed(3),
        `≥ ${row.target}`,
        row.later ? `≥ ${row.later}` : '',
        ratio < row.target ? 'short of target' : 'met',
      ]
    }),
  ]
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  for (const line of lines) console.log(line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  console.log()
  for (const { row } of results) console.log(`${row.name}: ${row.ours} ÷ ${row.theirs}. ${row.setting}.`)
}

function shown(figure: number): string {
  return figure.toLocaleString('en', { maximumFractionDigits: figure < 1000 ? 1 : 0 })
}

/**
 * Keeps the figures in `results.json`, with what they depend on and without a date, so that a rerun is a plain diff.
 * Rows that were not measured stay.
 */
export function keep(results: readonly Result[]): void {
  if (results.length === 0) return
  const kept = JSON.parse(readFileSync(FILE, 'utf8')) as { rows: { name: string }[] }
  const measured = results.map(({ row, ours, theirs }) => ({
    name: row.name,
    ours: { what: row.ours, rounds: ours.map(rounded), median: rounded(median(ours)) },
    theirs: { what: row.theirs, rounds: theirs.map(rounded), median: rounded(median(theirs)) },
    unit: row.unit,
    setting: row.setting,
    ratio: Number(ratioOf({ ours, theirs }).toFixed(3)),
    target: row.target,
    later: row.later,
  }))
  const byName = new Map([...kept.rows, ...measured].map((row) => [row.name, row]))
  writeFileSync(FILE, `${JSON.stringify({ machine: machine(), rows: [...byName.values()] }, null, 2)}\n`)
}

function rounded(figure: number): number {
  return Math.round(figure * 10) / 10
}

function machine() {
  return {
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model,
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
  }
}
