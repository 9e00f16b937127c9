/** A role from which the right was taken to ask the server where it is in its log. */
import t from 'tap'
import { bearer, CHEAP_HASH, isLeftOut } from '../support/app.ts'
import { commandLine } from '../support/command-line.ts'
import { join, write } from '../support/copying.ts'
import { newPostgresDatabase } from '../support/postgres.ts'
import { call, startService } from '../support/service.ts'
import { eventually } from '../support/wait.ts'

if (!isLeftOut('postgres'))
  t.test('two nodes serve and hear of one another without that right, and say so', async (t) => {
    const line = commandLine(t, CHEAP_HASH)
    const owner = newPostgresDatabase(t)
    const role = `no_wal_${process.pid}`
    await write(
      owner,
      `create role ${role} login`,
      `grant select, insert, update, delete on all tables in schema public to ${role}`,
      `grant usage on all sequences in schema public to ${role}`,
      'revoke execute on function pg_current_wal_lsn() from public',
    )
    t.teardown(() => write(owner, `drop owned by ${role}`, `drop role ${role}`))
    const url = new URL(owner)
    url.username = role
    const environment = { ...line.environment, DATABASE_URL: url.href }
    const [one, two] = await Promise.all([startService(t, environment), startService(t, environment)])
    for (const node of [one, two]) t.match(node.output(), /may not call pg_current_wal_lsn/)
    const ada = await join(one, 'ada')
    const seen = async () => (await call(`${two.api}/users/me`, undefined, bearer(ada.access_token))).status
    t.equal(await seen(), 200)
    await call(`${one.api}/auth/logout`, { refresh_token: ada.refresh_token })
    await eventually(async () => (await seen()) === 401)
    const { stdout } = await line.start(['doctor'], { DATABASE_URL: url.href }).ended
    t.match(stdout, /may not call pg_current_wal_lsn and pg_walfile_name/)
  })
