/**
 * Bare SQLite: moves sessions of the file `DATABASE` on by one generation, as a refresh does, one commit each, for
 * `SECONDS`, and prints how many it did per second.
 */
import BetterSqlite from 'better-sqlite3'

const { DATABASE = '', SECONDS } = process.env
const file = new BetterSqlite(DATABASE)
file.pragma('journal_mode = wal')
file.pragma('synchronous = full')
file.pragma('foreign_keys = on')
const ids = file.prepare<[], string>('select id from sessions').pluck().all()
const read = file.prepare<[string], { generation: number }>(
  'select sessions.*, users.uid, users.disabled_at from sessions inner join users on users.id = sessions.user_id where sessions.id = ?',
)
const move = file.prepare(
  `update sessions set generation = ?, rotated_at = ?, last_used_at = ?
   where id = ? and generation = ? and revoked_at is null returning *`,
)

const start = performance.now()
const end = start + Number(SECONDS) * 1000
let done = 0
while (performance.now() < end) {
  const id = ids[done % ids.length] ?? ''
  const { generation } = read.get(id) ?? { generation: 0 }
  const now = Date.now()
  if (move.all(generation + 1, now, now, id, generation).length !== 1) throw new Error('the session did not move')
  done += 1
}
process.stdout.write(String((1000 * done) / (performance.now() - start)))
