import t from 'tap'
import { getMe, login, onEachStore, post, registerAdmin, registerSomebody, somebody, startApp } from '../support/app.ts'
import { matchLists } from '../support/match.ts'

/** Without a message in between; test/routes/email.test.ts is about those. */
const AT_ONCE = { EMAIL_CHANGE: 'at-once' }

t.test('one’s own account', (t) =>
  onEachStore(t, async (t, environment) => {
    t.test('members that are sent change, the others stay', async (t) => {
      const app = await startApp(t, { ...environment, ...AT_ONCE })
      const person = await registerSomebody(app, { name: 'Ada Lovelace' })
      const put = (payload: object) =>
        app.inject({ method: 'PUT', url: '/api/v1/users/me', payload, headers: person.authorization })
      const before = (await getMe(app, person.access_token)).json()
      app.clock.advance(1000)
      const renamed = await put({ name: 'Ada King' })
      t.equal(renamed.statusCode, 200)
      t.same(renamed.json(), { ...before, name: 'Ada King', updated_at: new Date(app.clock.now()).toISOString() })
      t.same((await getMe(app, person.access_token)).json(), renamed.json(), 'the next request sees it')
      const { username, email } = somebody()
      t.match((await put({ username, email })).json(), { username, email, name: 'Ada King' })
      t.notOk('name' in (await put({ name: '' })).json(), 'an empty name is none')
      t.ok(await login(app, username, person.password))
    })

    t.test('a new address is unproved, the same one in another spelling is not', async (t) => {
      const app = await startApp(t, { ...environment, ...AT_ONCE })
      const person = await registerSomebody(app)
      await app.db.updateTable('users').set({ email_verified_at: app.clock.now() }).execute()
      const put = async (payload: object) =>
        (await app.inject({ method: 'PUT', url: '/api/v1/users/me', payload, headers: person.authorization })).json()
      t.equal((await put({ email: person.email.toUpperCase() })).email_verified, true)
      t.equal((await put({ email: somebody().email })).email_verified, false)
    })

    t.test('names of others are refused, and so is a change of nothing', async (t) => {
      const app = await startApp(t, { ...environment, ...AT_ONCE })
      const [person, other] = [await registerSomebody(app), await registerSomebody(app)]
      const put = async (payload: object) =>
        (await app.inject({ method: 'PUT', url: '/api/v1/users/me', payload, headers: person.authorization })).json()
      t.match(await put({ username: other.username.toUpperCase() }), { status: 409, code: 'username_taken' })
      t.match(await put({ email: other.email, name: 'Changed' }), { status: 409, code: 'email_taken' })
      t.notOk('name' in (await getMe(app, person.access_token)).json(), 'all or nothing')
      t.match(await put({}), { status: 400, code: 'validation_failed' })
      t.match(await put({ roles: ['admin'] }), { status: 400, code: 'validation_failed' })
      t.match(await put({ username: person.username.toUpperCase() }), { username: person.username.toUpperCase() })
    })

    t.test('a deleted account is gone with its sessions, and its name is free', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      const response = await app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers: person.authorization })
      t.equal(response.statusCode, 204)
      t.equal(response.body, '')
      t.equal((await getMe(app, person.access_token)).json().code, 'session_revoked')
      t.equal(
        (await post(app, '/auth/refresh', { refresh_token: person.refresh_token })).json().code,
        'refresh_token_invalid',
      )
      t.equal((await post(app, '/auth/login', { identifier: person.email, password: person.password })).statusCode, 401)
      const heir = await registerSomebody(app, { username: person.username, email: person.email })
      t.equal((await getMe(app, heir.access_token)).statusCode, 200)
      t.equal((await getMe(app, person.access_token)).statusCode, 401, 'the heir is somebody else')
    })

    t.test('a password change ends every other session', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      const other = await login(app, person.username, person.password)
      const change = (current_password: string, new_password: string) =>
        post(app, '/users/me/password', { current_password, new_password }, person.authorization)
      t.match((await change('not the password', 'another password')).json(), {
        status: 403,
        code: 'current_password_wrong',
      })
      matchLists(t, (await change(person.password, 'short')).json(), {
        code: 'password_too_short',
        errors: [{ pointer: '/new_password' }],
      })
      t.equal((await getMe(app, other.access_token)).statusCode, 200, 'a refused change ends nothing')
      const changed = await change(person.password, 'another password')
      t.equal(changed.statusCode, 204)
      t.equal((await getMe(app, other.access_token)).statusCode, 401)
      t.equal((await post(app, '/auth/refresh', { refresh_token: other.refresh_token })).statusCode, 401)
      t.equal((await getMe(app, person.access_token)).statusCode, 200, 'this one goes on')
      t.equal(
        (await post(app, '/auth/login', { identifier: person.username, password: person.password })).statusCode,
        401,
      )
      t.ok(await login(app, person.username, 'another password'))
    })

    t.test('of parallel password changes exactly one wins', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      const responses = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          post(
            app,
            '/users/me/password',
            { current_password: person.password, new_password: `new password ${index}` },
            person.authorization,
          ),
        ),
      )
      const winners = responses.flatMap(({ statusCode }, index) => (statusCode === 204 ? [index] : []))
      t.equal(winners.length, 1)
      t.ok(await login(app, person.username, `new password ${winners[0]}`))
    })

    t.test('the living sessions are listed newest first, and each can be ended', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      app.clock.advance(60_000)
      const phone = await app
        .inject({
          method: 'POST',
          url: '/api/v1/auth/login',
          payload: { identifier: person.username, password: person.password },
          headers: { 'user-agent': `a phone${' '.repeat(300)}that says too much` },
        })
        .then((response) => response.json())
      const gone = await login(app, person.username, person.password)
      await post(app, '/auth/logout', { refresh_token: gone.refresh_token })
      const list = async () =>
        (await app.inject({ method: 'GET', url: '/api/v1/users/me/sessions', headers: person.authorization })).json()
          .items
      const sessions = await list()
      matchLists(t, sessions, [
        { user_agent: 'a phone'.padEnd(256), current: false, ip: '127.0.0.1' },
        { current: true, ip: '127.0.0.1' },
      ])
      t.equal(sessions[0].expires_at, new Date(app.clock.now() + 14 * 86_400_000).toISOString())
      const end = (id: string) =>
        app.inject({ method: 'DELETE', url: `/api/v1/users/me/sessions/${id}`, headers: person.authorization })
      t.equal((await end(sessions[0].id)).statusCode, 204)
      t.equal((await getMe(app, phone.access_token)).statusCode, 401)
      t.match((await end(sessions[0].id)).json(), { status: 404, code: 'session_not_found' })
      const stranger = await registerSomebody(app)
      const [foreign, ...others] = (
        await app.inject({ method: 'GET', url: '/api/v1/users/me/sessions', headers: stranger.authorization })
      ).json().items
      t.strictSame(others, [], 'nobody sees those of others')
      t.match((await end(foreign.id)).json(), { status: 404, code: 'session_not_found' })
      t.equal((await getMe(app, stranger.access_token)).statusCode, 200)
      matchLists(t, (await end('not-a-uuid')).json(), {
        status: 400,
        errors: [{ location: 'path', pointer: '/session_id' }],
      })
      t.equal((await end(sessions[1].id)).statusCode, 204, 'it may be the one that asks')
      t.equal((await getMe(app, person.access_token)).statusCode, 401)
    })

    t.test('a session that was idle for too long is not listed', async (t) => {
      const app = await startApp(t, { ...environment, SESSION_IDLE_TTL: '1h' })
      const person = await registerSomebody(app)
      app.clock.advance(2 * 3_600_000)
      const now = await login(app, person.username, person.password)
      const response = await app.inject({
        method: 'GET',
        url: '/api/v1/users/me/sessions',
        headers: { authorization: `Bearer ${now.access_token}` },
      })
      t.equal(response.json().items.length, 1)
    })
  }),
)

t.test('one account by its id: the owner’s own, an admin’s any', async (t) => {
  const app = await startApp(t)
  const [person, other, admin] = [await registerSomebody(app), await registerSomebody(app), await registerAdmin(app)]
  const own = (await getMe(app, person.access_token)).json()
  const get = (id: string, headers: Record<string, string>) =>
    app.inject({ method: 'GET', url: `/api/v1/users/${id}`, headers })
  t.same((await get(own.id, person.authorization)).json(), own)
  t.same((await get(own.id, admin.authorization)).json(), own)
  const foreign = await get(own.id, other.authorization)
  t.match(foreign.json(), { status: 403, code: 'permission_denied' })
  t.match(foreign.headers['www-authenticate'], /insufficient_scope/)
  const nobody = '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21'
  t.equal((await get(nobody, other.authorization)).statusCode, 403, 'who may not read learns nothing')
  t.match((await get(nobody, admin.authorization)).json(), { status: 404, code: 'user_not_found' })
})
