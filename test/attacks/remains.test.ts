/** Somebody reads the file of the database, after an account was deleted. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { databaseFile } from '../../src/db/open.ts'
import { TABLE_FACTS } from '../../src/db/tables.ts'
import { SEALED } from '../../src/resealing/columns.ts'
import { onPostgres, registerSomebody, startApp } from '../support/app.ts'

/** Enough that whole pages become free. */
const PEOPLE = 60

t.test('the file of SQLite holds no address of an account that was deleted', async (t) => {
  // what PostgreSQL leaves behind is vacuum's
  if (onPostgres()) return
  const app = await startApp(t)
  const people = []
  for (let number = 0; number < PEOPLE; number += 1)
    people.push(await registerSomebody(app, { name: `somebody with a long name ${'x'.repeat(60)} ${number}` }))
  const path = databaseFile(app.environment['DATABASE_URL'] ?? '') ?? ''
  const [first] = people
  const text = () => readFileSync(path, 'latin1') + readFileSync(`${path}-wal`, 'latin1')
  t.match(text(), first?.email ?? '-', 'it was there')
  for (const { authorization } of people)
    t.equal((await app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers: authorization })).statusCode, 204)
  await app.close()
  const left = readFileSync(path, 'latin1')
  t.strictSame(
    people.filter(({ email }) => left.includes(email)).map(({ email }) => email),
    [],
  )
  t.notMatch(left, 'somebody with a long name')
})

t.test('every sealed column is sealed anew when JWT_KEY is changed', async (t) => {
  const sealed = Object.entries(TABLE_FACTS).flatMap(([table, facts]) =>
    facts.sealed.map((column) => `${table}.${column}`),
  )
  t.ok(sealed.length >= 3)
  t.strictSame(SEALED.map(({ table, column }) => `${table}.${column}`).sort(), sealed.sort())
})
