/** The page that says what is stored names every column there is, and none that there is not. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { startApp } from '../support/app.ts'

const page = readFileSync(new URL('../../docs/data.md', import.meta.url), 'utf8')

/** The columns that the page describes, as `table.column`, each with what, why and how long. */
function describedColumns(): string[] {
  return page.split(/^## /m).flatMap((section) => {
    const [, table] = /^`(\w+)`$/m.exec(section.slice(0, section.indexOf('\n'))) ?? []
    if (!table) return []
    const rows = section.match(/^\| `\w+` \|.*$/gm) ?? []
    return rows.map((row) => {
      const [, column, ...said] = row.split('|').map((cell) => cell.trim())
      if (said.slice(0, 3).filter(Boolean).length !== 3) throw new Error(`something is not said: ${row}`)
      return `${table}.${column?.replaceAll('`', '')}`
    })
  })
}

t.test('every column of every table is described, and nothing else is', async (t) => {
  const app = await startApp(t)
  const tables = await app.db.introspection.getTables({ withInternalKyselyTables: true })
  const stored = tables.flatMap(({ name, columns }) => columns.map((column) => `${name}.${column.name}`))
  t.strictSame(describedColumns().toSorted(), stored.toSorted())
})
