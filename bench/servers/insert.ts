/** The other side of the import: the same rows into the same tables by better-sqlite3 alone. Prints rows per second. */

import BetterSqlite from 'better-sqlite3'
import { v7 as uuidv7 } from 'uuid'
import { migrateUp } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'
import { person } from '../data/people.ts'

const { DATABASE = '', COUNT = '0', BATCH = '512' } = process.env

const { db } = openDatabase(`sqlite:${DATABASE}`)
await migrateUp(db)
await db.destroy()

const file = new BetterSqlite(DATABASE)
file.pragma('foreign_keys = ON')
file.pragma('synchronous = FULL')
const user = file.prepare(`insert into users
  (id, uid, username, username_key, email, email_key, name, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
const password = file.prepare('insert into passwords (user_id, hash, updated_at) values (?, ?, ?)')
const role = file.prepare("insert into user_roles (user_id, role) values (?, 'user')")

const insertBatch = file.transaction((first: number, count: number) => {
  for (let index = first; index < first + count; index += 1) {
    const { number, username, email, name, created_at, password_hash } = person(index)
    const time = Date.parse(created_at)
    const key = username.toLowerCase()
    user.run(number, uuidv7({ msecs: time }), username, key, email, email.toLowerCase(), name, time, time)
    password.run(number, password_hash, time)
    role.run(number)
  }
})

const [count, batch] = [Number(COUNT), Number(BATCH)]
const start = performance.now()
for (let index = 0; index < count; index += batch) insertBatch.immediate(index, Math.min(batch, count - index))
process.stdout.write(String((1000 * count) / (performance.now() - start)))
