/** `latchkey sessions end`: an operator signs everybody out, beside a service that works. */
import t from 'tap'
import { getMe, login, refresh, registerSomebody, startApp } from './support/app.ts'
import { commandLine } from './support/command-line.ts'
import { multiplySessions } from './support/sessions.ts'

t.test(
  'all sessions of everybody end at once, each account is told why in its log, and all sign in anew',
  async (t) => {
    const { environment, latchkey } = commandLine(t)
    const app = await startApp(t, { NODE_ENV: 'test', ...environment })
    const people = [await registerSomebody(app), await registerSomebody(app), await registerSomebody(app)]
    const { id } = await app.db
      .selectFrom('users')
      .select('id')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow()
    await multiplySessions(app, 5, { user_id: id })
    for (const { access_token } of people) t.equal((await getMe(app, access_token)).statusCode, 200)
    const { code, stdout } = await latchkey('sessions', 'end', '--all', '--yes')
    t.equal(code, 0)
    t.equal(stdout, 'ended 8 sessions of 3 accounts\n')
    for (const { access_token, refresh_token } of people) {
      t.equal((await getMe(app, access_token)).json().code, 'session_revoked')
      t.equal((await refresh(app, refresh_token)).statusCode, 401)
    }
    const events = await app.db
      .selectFrom('audit_events')
      .select(['actor', 'cause', 'details'])
      .where('action', '=', 'session.end')
      .orderBy('id')
      .execute()
    t.strictSame(
      events,
      [1, 1, 6].map((sessions) => ({
        actor: 'operator',
        cause: 'revoked_by_operator',
        details: JSON.stringify({ sessions }),
      })),
    )
    t.ok(await login(app, people[0]?.username ?? '', people[0]?.password ?? ''))
    t.equal((await latchkey('sessions', 'end', '--all', '--yes')).stdout, 'ended 1 sessions of 1 accounts\n')
    t.equal((await latchkey('sessions', 'end', '--all', '--yes')).stdout, 'ended 0 sessions of 0 accounts\n')
  },
)

t.test('those of one account end by any of its names, and nobody else’s', async (t) => {
  const { environment, latchkey } = commandLine(t)
  const app = await startApp(t, { NODE_ENV: 'test', ...environment })
  const [ada, bob] = [await registerSomebody(app), await registerSomebody(app)]
  t.equal(
    (await latchkey('sessions', 'end', '--user', ada.email, '--yes')).stdout,
    `${ada.email} is signed out everywhere\n`,
  )
  t.equal((await getMe(app, ada.access_token)).statusCode, 401)
  t.equal((await getMe(app, bob.access_token)).statusCode, 200)
  t.equal((await latchkey('sessions', 'end', '--user', 'nobody', '--yes')).code, 1)
})

t.test('nothing ends without a word of whose, or without having been asked', async (t) => {
  const { latchkey } = commandLine(t)
  for (const args of [['--yes'], ['--all', '--user', 'ada', '--yes'], ['--all']])
    t.equal((await latchkey('sessions', 'end', ...args)).code, 2, args.join(' '))
})
