/**
 * `npm run bench` measures every row and keeps the figures; `npm run bench -- me login` runs these rows and only prints.
 * Rows that take minutes are run, and kept, only when they are named: `npm run bench -- import import-memory`.
 */
import type { Row } from './measure.ts'
import { keep, printTable, type Result } from './report.ts'
import { importMemory, importRate } from './rows/import.ts'
import { login } from './rows/login.ts'
import { me } from './rows/me.ts'

const ROWS: readonly Row[] = [me, login, importRate, importMemory]

const wanted = process.argv.slice(2)
for (const name of wanted) {
  if (ROWS.some((row) => row.name === name)) continue
  console.error(`There is no row "${name}"; there are ${ROWS.map((row) => row.name).join(', ')}.`)
  process.exit(2)
}

// an ordinary exit, so that the servers end with us
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const results: Result[] = []
for (const row of ROWS) {
  if (wanted.length > 0 ? !wanted.includes(row.name) : row.slow) continue
  console.error(`${row.name}: ${row.ours} ÷ ${row.theirs} …`)
  results.push({ row, ...(await row.run()) })
}
printTable(results)
keep(results.filter(({ row }) => wanted.length === 0 || row.slow))
