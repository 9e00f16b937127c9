/** A source on PostgreSQL is closed while people sign in without a pause. */
import t from 'tap'
import { bearer, CHEAP_HASH, isLeftOut } from '../support/app.ts'
import { commandLine } from '../support/command-line.ts'
import { join } from '../support/copying.ts'
import { newPostgresDatabase } from '../support/postgres.ts'
import { call, startService } from '../support/service.ts'

if (!isLeftOut('postgres'))
  t.test('sign-ins that never let up do not keep a copy from finishing', async (t) => {
    const line = commandLine(t, CHEAP_HASH)
    const from = newPostgresDatabase(t)
    const service = await startService(t, { ...line.environment, DATABASE_URL: from })
    const { username: identifier, password } = await join(service, 'ada')
    // an account has no more than 100 sessions: the reader is somebody else
    const { access_token } = await join(service, 'grace')
    let made = 0
    const signIn = async () => {
      while ((await call(`${service.api}/auth/login`, { identifier, password })).status === 200) made += 1
    }
    const loops = [signIn(), signIn()]
    const run = (...more: string[]) =>
      line.start(['db', 'copy', '--to', `sqlite:${line.path('copy.db')}`, ...more], { DATABASE_URL: from }).ended
    const finished = await run('--finish')
    t.match(finished, { code: 0, stderr: '', stdout: /was moved and refuses every write/ })
    await Promise.all(loops)
    t.ok(made > 20, `${made} signed in meanwhile`)
    t.equal((await call(`${service.api}/users/me`, undefined, bearer(access_token))).status, 200, 'reading goes on')
    t.match(await run('--finish'), { code: 0 }, 'once more does nothing')
    const reopened = await line.start(['db', 'reopen'], { DATABASE_URL: from }).ended
    t.equal(reopened.code, 0, reopened.stderr)
    t.equal((await call(`${service.api}/auth/login`, { identifier, password })).status, 200, 'and can be opened again')
  })
