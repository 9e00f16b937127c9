/** Metrics as Prometheus reads them (text exposition format 0.0.4). */
import type { Durations } from '../counts.ts'

/** What the text says that it is. */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** One metric with all its values. */
export interface Family {
  name: string
  help: string
  /** a histogram's values are `Durations`, and are shown in seconds */
  type: 'counter' | 'gauge' | 'histogram'
  samples: () => Iterable<Sample>
}

/** One value. The labels' values must come from a closed list. */
export interface Sample {
  labels?: Readonly<Record<string, string | number>>
  value: number | Durations
}

/** The text of some metrics, as they are at this moment. */
export function expose(families: readonly Family[]): string {
  return families.map(exposeFamily).join('')
}

function exposeFamily({ name, help, type, samples }: Family): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
  for (const { labels = {}, value } of samples()) {
    if (typeof value === 'number') lines.push(line(name, labels, value))
    else lines.push(...histogram(name, labels, value))
  }
  return `${lines.join('\n')}\n`
}

/** Buckets are cumulative there, and each call of `samples` is made at one moment, so that they fit together. */
function histogram(name: string, labels: Sample['labels'], { bounds, counts, sum }: Durations): string[] {
  let total = 0
  const buckets = counts.map((count, index) => {
    total += count
    const bound = bounds[index]
    return line(`${name}_bucket`, { ...labels, le: bound === undefined ? '+Inf' : bound / 1000 }, total)
  })
  return [...buckets, line(`${name}_sum`, labels, sum / 1000), line(`${name}_count`, labels, total)]
}

function line(name: string, labels: Sample['labels'], value: number): string {
  const pairs = Object.entries(labels ?? {}).map(([key, word]) => `${key}="${escaped(String(word))}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
}

const escaped = (word: string) => word.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
