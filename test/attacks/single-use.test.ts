/** Attacks with sessions of dialects: kept alive for ever, and with a token that was copied on its way. */
import t, { type Test } from 'tap'
import { bearer, type Environment, getMe, login, post, refresh, registerSomebody } from '../support/app.ts'
import { type Ask, openDoor } from '../support/door.ts'
import { forgeryOf, takeApart } from './mint.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const SECOND = 1000

const ada = { username: 'adal', password: 'password' }

/** The service on a port, with somebody who has signed in for single-use tokens. */
async function start(t: Test, environment: Environment = {}) {
  const { app, ask } = await openDoor(t, environment)
  t.equal((await ask('POST', '/user', ada)).status, 201)
  const { token } = (await ask('POST', '/authenticate_user', ada)).body
  const session = () => app.db.selectFrom('sessions').selectAll().orderBy('id').executeTakeFirstOrThrow()
  return { app, ask, token: String(token), session }
}

const use = (ask: Ask, token: string) => ask('GET', '/user', undefined, bearer(token))
const rename = (ask: Ask, token: string, username: string) => ask('PUT', '/user', { username }, bearer(token))

/** The next token. */
async function next(t: Test, answer: ReturnType<Ask>): Promise<string> {
  const { status, body } = await answer
  t.equal(status, 200)
  return String(body.token)
}

t.test(
  'a session of single-use tokens ends REFRESH_TOKEN_TTL after its sign-in, however often it is used',
  async (t) => {
    const { app, ask, token, session } = await start(t, { REFRESH_TOKEN_TTL: '2h' })
    const end = app.clock.now() + 2 * HOUR
    let current = token
    for (let minutes = 0; minutes < 115; minutes += 5) {
      app.clock.advance(5 * MINUTE)
      current = await next(t, use(ask, current))
      t.ok((await session()).expires_at <= end)
      t.ok(takeApart(current).claims.exp * SECOND <= end)
    }
    app.clock.advance(5 * MINUTE)
    t.equal((await use(ask, current)).status, 401)
    t.equal((await ask('PUT', '/user', { password: 'a password of a thief' }, bearer(current))).status, 401)
    t.equal((await ask('POST', '/authenticate_user', ada)).status, 200, 'the password is what it was')
  },
)

t.test('a new password is not set from a session of single-use tokens that ends while it is hashed', async (t) => {
  const { app, ask, token } = await start(t)
  const { access_token } = await login(app, ada.username, ada.password)
  const { hash } = app.hasher
  app.hasher.hash = async (...hashed) => {
    t.equal((await post(app, '/auth/logout-all', {}, bearer(access_token))).statusCode, 200)
    return hash(...hashed)
  }
  const refused = await ask('PUT', '/user', { password: 'a password of a thief' }, bearer(token))
  app.hasher.hash = hash
  t.equal(refused.status, 401)
  t.ok(await login(app, ada.username, ada.password), 'the password is what it was')
})

t.test('so do those of every other call that begins a session', async (t) => {
  // as short as it may be: no longer than an access token lives
  const { app, ask } = await openDoor(t, { ACCESS_TOKEN_TTL: '10m', REFRESH_TOKEN_TTL: '10m' })
  const person = await registerSomebody(app, { name: 'Ada' })
  const { email, username, password } = person
  await ask('POST', '/authenticate_user', { username, password })
  const template = (await ask('POST', '/auth/login', { email, password })).body.jwt_token
  const flask = (await ask('POST', '/auth/login', { identifier: username, password })).body.access_token
  const sessions = await app.db.selectFrom('sessions').select('expires_at').execute()
  t.equal(sessions.length, 4)
  t.strictSame([...new Set(sessions.map(({ expires_at }) => expires_at - app.clock.now()))], [10 * MINUTE])
  for (const token of [template, flask]) t.equal((await getMe(app, token)).statusCode, 200)
  app.clock.advance(9 * MINUTE)
  const renewed = (await refresh(app, person.refresh_token)).json()
  app.clock.advance(MINUTE)
  t.equal((await refresh(app, renewed.refresh_token)).json().code, 'refresh_token_expired')
})

t.test('a session of single-use tokens that is idle for SESSION_IDLE_TTL ends', async (t) => {
  const { app, ask, token } = await start(t, { SESSION_IDLE_TTL: '15m' })
  app.clock.advance(14 * MINUTE)
  const second = await next(t, use(ask, token))
  app.clock.advance(15 * MINUTE)
  t.equal((await use(ask, second)).status, 401)
})

t.test('a used token that comes back at once is refused and ends nothing', async (t) => {
  const { app, ask, token, session } = await start(t)
  const second = await next(t, use(ask, token))
  app.clock.advance(10 * SECOND - 1)
  for (const call of ['/validate_token', '/logout']) t.equal((await ask('POST', call, { token })).status, 401)
  t.equal((await use(ask, token)).status, 401)
  t.equal((await session()).revoked_at, null)
  await next(t, use(ask, second))
})

t.test('one that comes back when its successor was used ends the session of whoever has it by now', async (t) => {
  const { app, ask, token, session } = await start(t)
  const third = await next(t, use(ask, await next(t, use(ask, token))))
  t.equal((await use(ask, token)).status, 401)
  t.equal((await session()).revoked_reason, 'single_use_token_reused')
  t.equal((await use(ask, third)).status, 401)
  const events = await app.db
    .selectFrom('audit_events')
    .select(['subject', 'cause', 'actor'])
    .where('action', '=', 'session.end')
    .execute()
  t.equal(events.length, 1)
  t.match(events[0], { subject: String, cause: 'single_use_token_reused', actor: null })
  t.match(app.logged(), /a used token came back/)
  t.equal((await ask('POST', '/authenticate_user', ada)).status, 200, 'who knows the password signs in again')
})

t.test('one that comes back after the grace window ends the session, used up or not', async (t) => {
  const { app, ask, token, session } = await start(t, { REFRESH_GRACE: '30s' })
  const second = await next(t, use(ask, token))
  app.clock.advance(30 * SECOND)
  t.equal((await use(ask, token)).status, 401)
  t.equal((await session()).revoked_reason, 'single_use_token_reused')
  t.equal((await use(ask, second)).status, 401)
})

t.test('a use that was refused is none: the token is good, and what came before it is judged as before', async (t) => {
  const { app, ask, token, session } = await start(t)
  await ask('POST', '/user', { ...ada, username: 'taken' })
  const second = await next(t, use(ask, token))
  t.equal((await rename(ask, second, 'taken')).status, 400)
  t.equal((await use(ask, token)).status, 401)
  t.equal((await session()).revoked_at, null, 'the successor was not used')
  app.clock.advance(20 * SECOND)
  const third = await next(t, rename(ask, second, 'adalo'))
  t.equal((await use(ask, second)).status, 401)
  t.equal((await session()).revoked_at, null, 'it was used just now')
  await next(t, use(ask, third))
})

t.test('of parallel uses of one token on two nodes one succeeds, and the session lives, time after time', async (t) => {
  const { app, ask, token, session } = await start(t)
  const there = await openDoor(t, app.environment)
  let current = token
  for (let round = 0; round < 8; round += 1) {
    const calls = [
      (ask: Ask) => use(ask, current),
      (ask: Ask) => rename(ask, current, `adal.${round}`),
      (ask: Ask) => ask('POST', '/validate_token', { token: current }),
    ]
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, index) => calls[index % 3]?.(index % 2 ? ask : there.ask)),
    )
    const done = answers.filter((answer) => answer?.status === 200)
    t.equal(done.length, 1)
    t.equal(answers.filter((answer) => answer?.status === 401).length, 23)
    current = String(done[0]?.body.token)
  }
  t.match(await session(), { revoked_at: null, generation: 9 })
})

t.test(
  'a token of 0.1.0, which does not say which one it is, is good once, and coming back it ends nothing',
  async (t) => {
    const { app, ask, token, session } = await start(t)
    const { sid } = takeApart(token).claims
    const older = forgeryOf(app, token)({ generation: undefined, jti: 'of an older node' })
    await app.ephemeral.put('single-use:of an older node', sid, HOUR)
    const second = await next(t, use(ask, older))
    await next(t, use(ask, second))
    app.clock.advance(MINUTE)
    t.equal((await use(ask, older)).status, 401)
    t.equal((await session()).revoked_at, null)
  },
)
