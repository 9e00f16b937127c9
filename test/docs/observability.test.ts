/** What the documents say of metrics is so. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { startApp } from '../support/app.ts'
import { METRICS_TOKEN, metricNames, scrape } from '../support/scrape.ts'

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8')

/** Names in queries; the parts of a histogram count as the histogram. */
const metricsIn = (queries: readonly string[]) =>
  new Set(
    queries
      .flatMap((query) => query.replace(/\{[^}]*\}/g, '').match(/\b(latchkey|nodejs|process)_\w+/g) ?? [])
      .map((name) => name.replace(/_(bucket|sum|count)$/, '')),
  )

const scrapedNames = async (t: Parameters<typeof startApp>[0]) =>
  metricNames(await startApp(t, { METRICS: `token:${METRICS_TOKEN}` }))

t.test('every metric is described, and nothing else is', async (t) => {
  const rows = read('operations.md').match(/^\| `(latchkey|nodejs|process)_\w+.*$/gm) ?? []
  const described = rows.flatMap((row) => row.split('|')[1]?.match(/(latchkey|nodejs|process)_\w+/g) ?? [])
  t.strictSame(described.toSorted(), (await scrapedNames(t)).toSorted())
})

t.test('the dashboard asks for metrics that there are', async (t) => {
  const { panels } = JSON.parse(read('observability/latchkey.grafana.json')) as {
    panels: { type: string; targets?: { expr: string }[]; gridPos: { x: number; w: number } }[]
  }
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  t.ok(queries.length > 20)
  const names = await scrapedNames(t)
  for (const name of metricsIn(queries)) t.ok(names.includes(name), name)
  for (const { gridPos } of panels) t.ok(gridPos.x + gridPos.w <= 24)
  const ours = names.filter((name) => name.startsWith('latchkey_'))
  t.strictSame([...metricsIn(queries)].filter((name) => name.startsWith('latchkey_')).toSorted(), ours.toSorted())
})

t.test('the alerts ask for metrics and labels that there are', async (t) => {
  const { groups } = parse(read('observability/latchkey.rules.yaml')) as {
    groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[]
  }
  const rules = groups.flatMap((group) => group.rules)
  t.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length)
  const names = await scrapedNames(t)
  for (const { alert, expr, annotations } of rules) {
    t.ok(annotations.summary, alert)
    for (const name of metricsIn([expr])) t.ok(names.includes(name), `${alert}: ${name}`)
  }
  const words = rules.flatMap(({ expr }) => [...expr.matchAll(/(outcome|cause)=~?"([\w|]+)"/g)])
  t.ok(words.length > 2)
  const app = await startApp(t, { METRICS: `token:${METRICS_TOKEN}` })
  const lines = [...(await scrape(app)).keys()]
  for (const [, label, alternatives = ''] of words)
    for (const word of alternatives.split('|'))
      t.ok(
        lines.some((line) => line.includes(`${label}="${word}"`)),
        word,
      )
})
