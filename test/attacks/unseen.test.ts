/** Mistakes that were planted once and that no test noticed: each is noticed here. */
import t from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import { bearer, getMe, login, registerAdmin, registerSomebody, startApp, type TestApp } from '../support/app.ts'
import { commandLine } from '../support/command-line.ts'

const uidOf = async (app: TestApp, username: string) =>
  (await app.db.selectFrom('users').select('uid').where('username', '=', username).executeTakeFirstOrThrow()).uid

t.test('keys that one node withdraws are believed by no other', async (t) => {
  const app = await startApp(t)
  const { access_token } = await registerSomebody(app)
  const other = await startApp(t, app.environment, app.clock)
  await app.keys.rotate(OPERATOR, app.now())
  t.equal((await getMe(other, access_token)).statusCode, 200, 'the other node has heard of the new key')
  t.equal(await app.keys.revokeOthers(OPERATOR), 1)
  const answer = await getMe(other, access_token)
  t.equal(answer.statusCode, 401)
  t.equal((await getMe(app, access_token)).statusCode, 401)
})

t.test('who is erased is erased from what they did to others too', async (t) => {
  const app = await startApp(t)
  const root = await registerAdmin(app)
  const other = await registerAdmin(app)
  const ada = await registerSomebody(app)
  const [rootId, adaId] = [await uidOf(app, root.username), await uidOf(app, ada.username)]
  const change = await app.inject({
    method: 'PUT',
    url: `/api/v1/users/${adaId}`,
    headers: { ...root.authorization, 'user-agent': 'a browser of root' },
    payload: { name: 'Ada' },
  })
  t.equal(change.statusCode, 200)
  const done = () =>
    app.db
      .selectFrom('audit_events')
      .select(['ip', 'user_agent', 'salt', 'personal'])
      .where('actor', '=', rootId)
      .where('subject', '=', adaId)
      .execute()
  const before = await done()
  t.ok(before.length > 0 && before.every(({ ip, user_agent }) => ip !== null && user_agent === 'a browser of root'))
  const url = `/api/v1/users/${rootId}`
  t.equal((await app.inject({ method: 'DELETE', url, headers: other.authorization })).statusCode, 204)
  const after = await done()
  t.equal(after.length, before.length, 'that it happened stays')
  for (const { ip, user_agent, salt, personal } of after) {
    t.strictSame([ip, user_agent, salt], [null, null, null])
    t.ok(personal)
  }
})

t.test('an export lists the devices of one’s own account and no others', async (t) => {
  const app = await startApp(t)
  const [ada, bob] = [await registerSomebody(app), await registerSomebody(app)]
  for (let day = 1; day <= 3; day += 1) {
    app.clock.advance(1000)
    await login(app, bob.username, bob.password)
  }
  const token = (await login(app, ada.username, ada.password)).access_token
  const ownId = (await app.db.selectFrom('users').select('id').where('username', '=', ada.username).executeTakeFirst())
    ?.id
  const rows = await app.db.selectFrom('known_devices').select(['user_id', 'created_at']).execute()
  const own = rows.filter(({ user_id }) => user_id === ownId)
  t.ok(own.length > 0 && own.length < rows.length, 'there are others')
  const answer = await app.inject({ method: 'GET', url: '/api/v1/users/me/export', headers: bearer(token) })
  t.equal(answer.statusCode, 200)
  const { devices } = answer.json<{ devices: { known_since: string }[] }>()
  t.strictSame(
    devices.map(({ known_since }) => known_since).sort(),
    own.map(({ created_at }) => new Date(created_at).toISOString()).sort(),
  )
})

t.test('an import leaves an event, and a dry run none', async (t) => {
  const { latchkey, write, withDatabase } = commandLine(t)
  await latchkey('migrate', 'up')
  write('users.jsonl', `${JSON.stringify({ username: 'ada', email: 'ada@example.org' })}\n`)
  const imports = () =>
    withDatabase((db) =>
      db
        .selectFrom('audit_events')
        .select(['actor', 'outcome', 'details'])
        .where('action', '=', 'accounts.import')
        .execute(),
    )
  t.match(await latchkey('import', 'users.jsonl'), { code: 0 })
  t.strictSame(await imports(), [])
  t.match(await latchkey('import', 'users.jsonl', '--apply'), { code: 0 })
  const events = await imports()
  t.equal(events.length, 1)
  t.match(events[0], { actor: 'operator', outcome: 'success' })
})
