/** better-auth with passwords on an SQLite file, its defaults otherwise, without rate limits; behind Node's own server. */
import { createServer } from 'node:http'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import Database from 'better-sqlite3'

const options = {
  database: new Database('better-auth.db'),
  secret: 'for the measurements and for nothing else',
  baseURL: 'http://127.0.0.1',
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
}
const { runMigrations } = await getMigrations(options)
await runMigrations()

const server = createServer(toNodeHandler(betterAuth(options)))
server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`http://127.0.0.1:${server.address().port}\n`)
})
