/**
 * The service is killed at random moments while it is used, and the whole database is read after each time. The long run:
 * `KILLS=200 npx tap --disable-coverage --timeout=7200 test/faults/killed.test.ts`.
 */
import { setTimeout as after } from 'node:timers/promises'
import { sql } from 'kysely'
import t from 'tap'
import { isPostgres } from '../../src/db/dialect.ts'
import type { Db } from '../../src/db/open.ts'
import { type Environment, testEnvironment } from '../support/app.ts'
import { emptyFolder, PROJECT, startChild } from '../support/child.ts'
import { withDatabase } from '../support/database.ts'
import { startService } from '../support/service.ts'
import { eventually } from '../support/wait.ts'
import { findViolations } from './invariants.ts'
import { compare, goOn, type Member, newcomer, useUntilGone } from './members.ts'

const KILLS = Number(process.env['KILLS'] ?? 8)
const CLIENTS = 12
/** The keys are rotated beside every so many kills; the command takes longer than the service lives. */
const ROTATE_EVERY = 4
/** The longest that the service is used before it is killed, in ms. */
const LONGEST = 600

/** PostgreSQL may still be at what a process that is gone had asked for. */
async function settle(db: Db): Promise<void> {
  if (!isPostgres(db)) return
  await eventually(async () => {
    const { rows } = await sql`
      select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(db)
    return rows.length === 0
  }, 30_000)
}

/** Makes a signing key by the command line; its name once that is acknowledged. */
async function rotateKeys(t: Parameters<typeof emptyFolder>[0], env: Environment): Promise<string | undefined> {
  const args = [`${PROJECT}/src/cli.ts`, 'keys', 'rotate', '--now']
  const { code, stdout } = await startChild(t, { args, cwd: emptyFolder(t), env }).ended
  return code === 0 ? stdout.split(' ', 1)[0] : undefined
}

t.test(
  `killed ${KILLS} times while it is used: what was acknowledged is there, and nothing is half-written`,
  async (t) => {
    const environment = testEnvironment(t, { REFRESH_GRACE: '1d', ACCESS_TOKEN_TTL: '1d' })
    const url = environment['DATABASE_URL'] ?? ''
    let service = await startService(t, environment)
    const admin = await newcomer(service)
    await withDatabase(url, async (db) => {
      const { id } = await db.selectFrom('users').select('id').executeTakeFirstOrThrow()
      await db.insertInto('user_roles').values({ user_id: id, role: 'admin' }).execute()
    })
    admin.facts.isAdmin = true
    const clients = Array.from({ length: CLIENTS }, (): Member[] => [])
    const keys: string[] = []
    let done = 0
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const rotating = kill % ROTATE_EVERY === 0 ? rotateKeys(t, environment) : undefined
      const uses = clients.map((members) => useUntilGone(service, members, admin))
      await after(50 + Math.random() * LONGEST)
      await service.end('SIGKILL')
      for (const use of uses) done += await use
      const kid = await rotating
      if (kid !== undefined) keys.push(kid)
      const found = await withDatabase(url, async (db) => {
        await settle(db)
        const wrong = await findViolations(db)
        for (const member of [admin, ...clients.flat()]) wrong.push(...(await compare(db, member)))
        const known = (await db.selectFrom('signing_keys').select('kid').execute()).map((row) => row.kid)
        return wrong.concat(keys.filter((key) => !known.includes(key)).map((key) => `the key ${key} is gone`))
      })
      if (found.length > 0) {
        t.fail(`after ${kill} kills: ${found.slice(0, 5).join('\n')}`)
        break
      }
      // whoever is deleted stays deleted, and is looked at no more; so are those who were last to act long ago
      for (const members of clients) members.splice(0, Math.max(0, members.length - 20))
      if (kill % 10 === 0) t.comment(`${kill} kills, ${done} acknowledged acts, ${keys.length} acknowledged keys`)
      service = await startService(t, environment)
      await goOn(service, clients.flat())
    }
    await service.end('SIGTERM')
    t.ok(done > KILLS, `${done} acknowledged acts, ${keys.length} acknowledged keys`)
  },
)
