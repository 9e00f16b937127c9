import t from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import { recordEvent } from '../../src/audit/record.ts'
import type { AuditEventItem, AuditPage } from '../../src/audit/schema.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import {
  bearer,
  getMe,
  login,
  type Person,
  post,
  registerAdmin,
  registerSomebody,
  startApp,
  type TestApp,
} from '../support/app.ts'
import { sealAll } from '../support/audit.ts'
import { matchLists } from '../support/match.ts'

const uidOf = async (app: TestApp, person: Person) => (await getMe(app, person.access_token)).json<{ id: string }>().id

function asker(app: TestApp, { access_token }: Pick<Person, 'access_token'>) {
  return (url: string, more: Record<string, string> = {}) =>
    app.inject({ url: `/api/v1${url}`, headers: { ...bearer(access_token), ...more } })
}

t.test('admins read the log page by page, newest first, and others do not', async (t) => {
  const app = await startApp(t)
  const root = await registerAdmin(app)
  for (let count = 0; count < 5; count += 1) await registerSomebody(app)
  const ask = asker(app, root)
  // those that were not yet would get their numbers between two reads
  await sealAll(app)
  const whole = (await ask('/audit?limit=100')).json<AuditPage>()
  t.notOk(whole.next_cursor)
  t.strictSame(
    whole.items
      .map(({ id }) => id)
      .sort()
      .reverse(),
    whole.items.map(({ id }) => id),
    'newest first',
  )
  const pages: AuditEventItem[] = []
  for (let next = ''; ; ) {
    const page = (await ask(`/audit?limit=4${next}`)).json<AuditPage>()
    pages.push(...page.items)
    // what comes meanwhile is not among the older ones
    await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR })
    if (!page.next_cursor) break
    next = `&cursor=${page.next_cursor}`
  }
  t.strictSame(pages, whole.items)
  t.equal((await ask('/audit?cursor=nonsense')).statusCode, 400)
  const other = asker(app, await registerSomebody(app))
  t.equal((await other('/audit')).statusCode, 403)
  t.equal((await app.inject({ url: '/api/v1/audit' })).statusCode, 401)
})

t.test('a filter that no event can fit is refused, and a leap second is a second like any other', async (t) => {
  const app = await startApp(t)
  const ask = asker(app, await registerAdmin(app))
  for (const member of ['actor', 'subject', 'session_id', 'request_id'])
    t.equal((await ask(`/audit?${member}=%00`)).statusCode, 400, member)
  const itemsOf = async (query: string) => (await ask(`/audit?${query}`)).json<AuditPage>().items
  t.ok((await itemsOf('since=2016-12-31T23:59:60Z')).length > 0)
  t.strictSame(await itemsOf('before=2016-12-31T23:59:60Z'), [])
  t.strictSame(await itemsOf('since=9999-12-31T23:59:60Z'), [])
})

t.test('the log is filtered by each of its members, and by time', async (t) => {
  const app = await startApp(t)
  const root = await registerAdmin(app)
  const bob = await registerSomebody(app)
  const uid = await uidOf(app, bob)
  await post(
    app,
    '/auth/login',
    { identifier: bob.username, password: 'not the password' },
    { 'x-request-id': 'request-0001' },
  )
  const middle = new Date(app.clock.now() + 1000).toISOString()
  app.clock.advance(60_000)
  const { access_token } = await login(app, bob.username, bob.password)
  const sid = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString()).sid as string
  const admin = asker(app, await login(app, root.username, root.password))
  const find = async (query: string) =>
    (await admin(`/audit?limit=100&${query}`))
      .json<AuditPage>()
      .items.map(({ action, outcome }) => `${action} ${outcome}`)
  t.strictSame(await find(`subject=${uid}`), [
    'session.start success',
    'session.start failure',
    'session.start success',
    'account.create success',
  ])
  t.strictSame(await find(`subject=${uid}&outcome=failure`), ['session.start failure'])
  t.strictSame(await find(`actor=${uid}`), ['session.start success', 'session.start success'])
  t.strictSame(await find('actor=operator'), ['account.create success'])
  t.strictSame(await find(`session_id=${sid}`), ['session.start success'])
  t.strictSame(await find('request_id=request-0001'), ['session.start failure'])
  t.strictSame(await find(`action=account.create&subject=${uid}`), ['account.create success'])
  t.equal((await find(`subject=${uid}&since=${middle}`)).length, 1)
  t.equal((await find(`subject=${uid}&before=${middle}`)).length, 3)
  for (const wrong of ['action=unheard.of', 'since=yesterday', 'outcome=perhaps', 'unknown=1', 'limit=0'])
    t.equal((await admin(`/audit?${wrong}`)).statusCode, 400, wrong)
})

t.test('the log is exported as lines, and that is told too', async (t) => {
  const app = await startApp(t)
  const ask = asker(app, await registerAdmin(app))
  for (let number = 0; number < 1100; number += 1)
    await recordEvent(app.db, app, { action: 'session.end', actor: OPERATOR, details: { number } })
  await sealAll(app)
  const response = await ask('/audit/export?action=session.end')
  t.match(response.headers['content-type'], 'application/x-ndjson')
  const lines = response.body.trim().split('\n')
  t.strictSame(
    lines.map((line) => JSON.parse(line).details.number),
    Array.from({ length: 1100 }, (_, index) => 1099 - index),
  )
  t.equal((await ask('/audit?action=audit.export')).json<AuditPage>().items.length, 1)
})

t.test('the owner sees what happened, and nothing of who else was there', async (t) => {
  const app = await startApp(t)
  const root = await registerAdmin(app)
  const bob = await registerSomebody(app)
  const url = `/api/v1/users/${await uidOf(app, bob)}`
  await app.inject({ method: 'PUT', url, payload: { name: 'Bob' }, headers: root.authorization })
  await post(app, '/auth/login', { identifier: bob.username, password: 'not the password' })
  const ask = asker(app, bob)
  const { items } = (await ask('/users/me/activity')).json<{ items: Record<string, unknown>[] }>()
  matchLists(t, items, [
    { action: 'session.start', outcome: 'failure', cause: 'invalid_credentials', ip: '127.0.0.1', by: undefined },
    { action: 'account.update', by: 'administrator', ip: undefined, user_agent: undefined, session_id: undefined },
    { action: 'session.start', outcome: 'success', by: 'owner', ip: '127.0.0.1' },
    { action: 'account.create', by: undefined },
  ])
  const known = new Set(['at', 'action', 'outcome', 'cause', 'session_id', 'ip', 'user_agent', 'by'])
  t.ok(items.every((item) => Object.keys(item).every((member) => known.has(member))))
  const page = (await ask('/users/me/activity?limit=3')).json<{ items: []; next_cursor: string }>()
  const rest = (await ask(`/users/me/activity?limit=3&cursor=${page.next_cursor}`)).json<{ items: unknown[] }>()
  t.strictSame([...page.items, ...rest.items], items)
  t.strictSame((await asker(app, root)('/users/me/activity')).json<{ items: [] }>().items.length, 2)
})

t.test('the export holds everything about the person who asks, and no secret', async (t) => {
  const app = await startApp(t)
  const bob = await registerSomebody(app, { name: 'Bob' })
  app.clock.advance(1000)
  await post(app, '/auth/logout', { refresh_token: (await login(app, bob.username, bob.password)).refresh_token })
  await registerSomebody(app)
  const response = await asker(app, bob)('/users/me/export')
  matchLists(t, response.json(), {
    account: { username: bob.username, email: bob.email, name: 'Bob', roles: ['user'] },
    number: Number,
    password: { hashed_as: 'argon2id' },
    sessions: [{ ended_because: 'logout' }, { ip: '127.0.0.1' }],
    proofs: [{ purpose: 'email-verify' }],
  })
  t.strictSame(
    response.json<{ events: { action: string }[] }>().events.map(({ action }) => action),
    ['account.export', 'session.end', 'session.start', 'session.start', 'account.create'],
  )
  const secrets = await app.db
    .selectFrom('passwords')
    .innerJoin('sessions', 'sessions.user_id', 'passwords.user_id')
    .select(['hash', 'salt'])
    .execute()
  for (const { hash, salt } of secrets) t.notOk(response.body.includes(hash) || response.body.includes(salt))
})

t.test('a deleted account leaves events without address or agent, and the log still verifies', async (t) => {
  const app = await startApp(t)
  const root = await registerAdmin(app)
  const bob = await registerSomebody(app)
  const uid = await uidOf(app, bob)
  await sealAll(app)
  await app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers: bob.authorization })
  const about = async () => app.db.selectFrom('audit_events').selectAll().where('subject', '=', uid).execute()
  t.strictSame(
    (await about()).map(({ action, ip, user_agent, salt }) => [action, ip, user_agent, salt]),
    ['account.create', 'session.start', 'account.delete'].map((action) => [action, null, null, null]),
  )
  const everything = JSON.stringify(await Promise.all([about(), app.db.selectFrom('outbox').selectAll().execute()]))
  t.notOk(everything.includes(bob.username) || everything.includes(bob.email))
  t.notOk((await verifyLog(app)).fault)
  t.ok(
    (await app.db.selectFrom('audit_events').select('ip').where('ip', 'is not', null).execute()).length > 0,
    'others keep theirs',
  )
  await sealAll(app)
  t.notOk((await verifyLog(app)).fault)

  const other = await uidOf(app, root)
  await app.db
    .updateTable('audit_events')
    .set({ ip: null, user_agent: null, salt: null })
    .where('subject', '=', other)
    .execute()
  t.match(await verifyLog(app), { fault: { text: /no deletion of an account explains it/ } })
})
