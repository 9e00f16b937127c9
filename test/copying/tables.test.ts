import t from 'tap'
import { TABLES } from '../../src/copying/tables.ts'
import { BOOKKEEPING, migrateUp } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'

t.test('every table that the migrations make is copied, with columns of integers and text alone', async (t) => {
  const { db } = openDatabase('sqlite::memory:')
  t.teardown(() => db.destroy())
  await migrateUp(db)
  const tables = await db.introspection.getTables()
  const ours = tables.filter(({ name }) => !(BOOKKEEPING as readonly string[]).includes(name))
  t.strictSame(ours.map(({ name }) => name).sort(), TABLES.toSorted())
  const types = new Set(ours.flatMap(({ columns }) => columns.map(({ dataType }) => dataType.toLowerCase())))
  t.strictSame([...types].sort(), ['bigint', 'integer', 'text'])
})
