/** Attacks with very many sessions of one account: what they cost everybody else. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { v7 as uuidv7 } from 'uuid'
import {
  bearer,
  getMe,
  login,
  onEachStore,
  refresh,
  registerAdmin,
  registerSomebody,
  startApp,
  type TestApp,
} from '../support/app.ts'
import { LONGEST_ADDRESS, LONGEST_AGENT, multiplySessions } from '../support/sessions.ts'
import { takeApart } from './mint.ts'

const LIMIT = 64 * 1024
const sidOf = (token: string) => takeApart(token).claims.sid

/** An account with as many sessions as it may have, the first of which its registration began. */
async function start(t: Test, environment = {}) {
  const app = await startApp(t, environment)
  const person = await registerSomebody(app)
  const others = await multiplySessions(app, 99)
  return { app, person, others }
}

const living = async (app: TestApp) =>
  (await app.db.selectFrom('sessions').selectAll().where('revoked_at', 'is', null).orderBy('id').execute()).length

const endings = (app: TestApp) =>
  app.db
    .selectFrom('audit_events')
    .select(['session_id', 'actor', 'subject'])
    .where('cause', '=', 'session_limit')
    .orderBy('id')
    .execute()

const list = (app: TestApp, token: string, query = '') =>
  app.inject({ url: `/api/v1/users/me/sessions${query}`, headers: bearer(token) })

t.test('where an account has a hundred sessions, the idlest ends when another begins, on every node', (t) =>
  onEachStore(t, async (t, environment) => {
    const { app, person, others } = await start(t, environment)
    const there = await startApp(t, app.environment, app.clock)
    const [first, second, third] = others
    const { uid } = await app.db.selectFrom('users').select('uid').executeTakeFirstOrThrow()
    await app.db.updateTable('sessions').set({ last_used_at: app.now() }).where('id', '=', String(first?.id)).execute()
    t.equal((await getMe(there, person.access_token)).statusCode, 200)

    await login(app, person.username, person.password)
    t.equal(await living(app), 100)
    t.strictSame(await endings(app), [{ session_id: second?.id, actor: uid, subject: uid }])
    await login(app, person.username, person.password)
    t.strictSame(
      (await endings(app)).map(({ session_id }) => session_id),
      [second?.id, third?.id],
    )
    t.equal((await getMe(there, person.access_token)).statusCode, 200, 'not the others')

    await app.db
      .updateTable('sessions')
      .set({ last_used_at: app.now() - 60_000 })
      .where('id', '=', sidOf(person.access_token))
      .execute()
    await login(app, person.username, person.password)
    t.equal(
      (await getMe(there, person.access_token)).json().code,
      'session_revoked',
      'news of it came to the other node',
    )
    t.equal((await refresh(there, person.refresh_token)).json().code, 'refresh_token_invalid')
    t.equal(await living(app), 100)
    t.equal(app.counts.ended.session_limit, 3)
  }),
)

t.test('sign-ins that come together leave no more than a hundred either', async (t) => {
  const { app, person } = await start(t)
  const there = await startApp(t, app.environment, app.clock)
  const { username, password } = person
  const begun = await Promise.all(
    Array.from({ length: 24 }, (_, index) => login(index % 2 ? app : there, username, password)),
  )
  t.equal(await living(app), 100)
  t.equal((await endings(app)).length, 24)
  for (const { access_token } of begun) t.equal((await getMe(app, access_token)).statusCode, 200, 'the new ones stay')
})

t.test('sessions of dialects are counted by themselves: twenty of them, and they end no other', async (t) => {
  const { app, person } = await start(t)
  const { username, email, password } = person
  const calls = [
    () => app.inject({ method: 'POST', url: '/auth/login', payload: { email, password } }),
    () => app.inject({ method: 'POST', url: '/authenticate_user', payload: { username, password } }),
  ]
  const tokens: string[] = []
  for (let index = 0; index < 22; index += 1) {
    app.clock.advance(1000)
    const { jwt_token, token } = (await calls[index % 2]?.())?.json() ?? {}
    tokens.push(jwt_token ?? token)
  }
  const sids = tokens.map(sidOf)
  t.strictSame(
    (await endings(app)).map(({ session_id }) => session_id),
    sids.slice(0, 2),
  )
  t.equal(await living(app), 120)
  t.equal((await getMe(app, person.access_token)).statusCode, 200)
  app.clock.advance(36 * 60_000)
  await calls[0]?.()
  t.equal((await endings(app)).length, 2, 'those that have expired take nobody’s place')
})

t.test(
  'however many there are from before there was a limit, a page of them is small, and the pages show all',
  async (t) => {
    const { app, person } = await start(t)
    await multiplySessions(app, 2000, { ip: LONGEST_ADDRESS, user_agent: LONGEST_AGENT })
    const seen = new Set<string>()
    let query = ''
    let pages = 0
    for (; pages < 50; pages += 1) {
      const answer = await list(app, person.access_token, query)
      t.ok(answer.body.length > 1000 && answer.body.length < LIMIT, `${answer.body.length} bytes`)
      const { items, next_cursor } = answer.json()
      for (const { id } of items) seen.add(id)
      if (next_cursor === undefined) break
      query = `?cursor=${next_cursor}`
    }
    t.equal(seen.size, 2100)
    t.equal(pages, Math.ceil(2100 / 80) - 1)
    await login(app, person.username, person.password)
    t.equal(await living(app), 2081, 'and each sign-in ends some of them')
  },
)

t.test('a page is as long as was asked for, and a cursor is one of ours', async (t) => {
  const { app, person } = await start(t)
  const ids = (body: { items: { id: string }[] }) => body.items.map(({ id }) => id)
  const all = (await list(app, person.access_token)).json()
  t.equal(all.items.length, 80)
  t.equal(all.items[0].current, true)
  const page = (await list(app, person.access_token, '?limit=3')).json()
  t.strictSame(ids(page), ids(all).slice(0, 3))
  const next = (await list(app, person.access_token, `?limit=3&cursor=${page.next_cursor}`)).json()
  t.strictSame(ids(next), ids(all).slice(3, 6))
  const rest = (await list(app, person.access_token, `?cursor=${all.next_cursor}`)).json()
  t.equal(rest.items.length, 20)
  t.notOk('next_cursor' in rest)
  for (const wrong of ['?limit=81', '?limit=0', '?limit=x', '?cursor=x', '?cursor='])
    t.equal((await list(app, person.access_token, wrong)).json().code, 'validation_failed', wrong)
})

t.test('all that is held about somebody comes whole, and others have their turns meanwhile', async (t) => {
  const { app, person } = await start(t)
  await multiplySessions(app, 3000, { user_agent: LONGEST_AGENT, revoked_at: app.now(), revoked_reason: 'logout' })
  const { salt: _, ...event } = await app.db.selectFrom('audit_events').selectAll().limit(1).executeTakeFirstOrThrow()
  const { uid } = await app.db.selectFrom('users').select('uid').executeTakeFirstOrThrow()
  const events = Array.from({ length: 450 }, () => ({
    ...event,
    id: uuidv7(),
    subject: uid,
    seq: null,
    chain: null,
    salt: null,
  }))
  await app.db.insertInto('audit_events').values(events).execute()
  let turns = 0
  let isOver = false
  const others = (async () => {
    for (; !isOver; turns += 1) {
      await app.inject({ url: '/health/live' })
      // an injected call takes no turn of the event loop by itself
      await nextTurn()
    }
  })()
  const answer = await app.inject({ url: '/api/v1/users/me/export', headers: person.authorization })
  isOver = true
  await others
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  const { sessions, events: told } = answer.json()
  t.equal(new Set(sessions.map(({ id }: { id: string }) => id)).size, 3100)
  t.equal(told.length, 450 + (await countOwn(app, uid)))
  t.ok(turns >= 15, `${turns} others were answered meanwhile`)
})

const countOwn = async (app: TestApp, uid: string) =>
  (await app.db.selectFrom('audit_events').select('id').where('subject', '=', uid).execute()).length - 450

t.test('exports are dear: thirty an hour for an account, the log of events as lines among them', async (t) => {
  const app = await startApp(t, { RATE_LIMIT: 'on', RATE_LIMITS: 'export=2/1h' })
  const admin = await registerAdmin(app)
  const ask = (url: string) => app.inject({ url: `/api/v1${url}`, headers: admin.authorization })
  t.equal((await ask('/users/me/export')).statusCode, 200)
  t.equal((await ask('/audit/export')).statusCode, 200)
  t.equal((await ask('/audit/export')).json().code, 'rate_limited')
  const refused = await ask('/users/me/export')
  t.equal(refused.json().code, 'rate_limited')
  t.match(refused.headers['ratelimit-policy'], /^"export";q=2;w=3600$/)
  t.equal((await ask('/audit')).statusCode, 200, 'pages are not')
})
