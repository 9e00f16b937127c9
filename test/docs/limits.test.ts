/** The limits are what the documents say of them. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { CLASSES } from '../../src/throttling/classes.ts'

const WINDOWS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000 }

t.test('the table of docs/operations.md has every class, its limit, and who is counted where', (t) => {
  const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
  const rows = operations.matchAll(
    /^\| `(\w+)` \| .+ \| ([\d ]+) an? (minute|hour) \| (address|account)(, of all nodes)? \|$/gm,
  )
  const told = [...rows].map(([, name = '', most = '', window = '', by, shared]) => [
    name,
    { most: Number(most.replace(' ', '')), window: WINDOWS[window], by, shared: shared !== undefined },
  ])
  t.strictSame(Object.fromEntries(told), CLASSES)
  t.end()
})
