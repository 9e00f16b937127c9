/**
 * `npm run bench` measures every row, keeps the figures and draws them; `npm run bench -- me login` runs these rows and
 * only prints. Options: --rounds N, --seconds N (of each side in a round), --minutes N (of full load, for memory),
 * --keep (also what was named), --draw (measures nothing and draws what is kept). Rows that take very long are run only when they are named.
 */
import { parseArgs } from 'node:util'
import type { Effort, Row } from './measure.ts'
import { publish } from './page.ts'
import { type Result, read, resultOf, write } from './results.ts'
import { ROWS } from './rows.ts'
import { printTable } from './table.ts'
import { findTools } from './tools.ts'

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    minutes: { type: 'string', default: '10' },
    keep: { type: 'boolean', default: false },
    draw: { type: 'boolean', default: false },
  },
})
const effort: Effort = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  minutes: Number(values.minutes),
}

for (const name of wanted) {
  if (ROWS.some((row) => row.name === name)) continue
  console.error(`There is no row "${name}"; there are ${ROWS.map((row) => row.name).join(', ')}.`)
  process.exit(2)
}

// an ordinary exit, so that the servers end with us
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if (values.draw) {
  publish(read())
  process.exit()
}

findTools()
const results: Result[] = []
for (const row of ROWS) {
  if (wanted.length > 0 ? wanted.includes(row.name) : !row.slow) results.push(await measure(row))
}
printTable(results)
if (wanted.length === 0 || values.keep) {
  const names = ROWS.map(({ name }) => name)
  publish(write(results, names))
}

/** A row that fails says so in the table; the others go on. */
async function measure(row: Row): Promise<Result> {
  const start = performance.now()
  process.stderr.write(`${row.name}: ${row.ours} ÷ ${row.theirs} … `)
  const outcome = await row.run(effort).catch((error: unknown) => {
    process.exitCode = 1
    return { unmeasured: `failed: ${(error as Error).message}` }
  })
  const seconds = Math.round((performance.now() - start) / 1000)
  process.stderr.write(`${seconds} s\n`)
  return resultOf(row, outcome, seconds)
}
