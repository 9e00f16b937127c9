/** The v1 API as clients of the FastAPI user service know it: each row of its table, over a real port. */
import t from 'tap'
import { bearer, login, onEachStore, registerAdmin, somebody, type Tokens } from '../support/app.ts'
import { openDoor } from '../support/door.ts'
import { matchLists } from '../support/match.ts'

t.test('every row', (t) =>
  onEachStore(t, async (t, environment) => {
    const { app, ask } = await openDoor(t, environment)
    const api = (method: string, path: string, body?: unknown, token?: string) =>
      ask(method, `/api/v1${path}`, body, token === undefined ? {} : bearer(token))
    const person = somebody() as ReturnType<typeof somebody> & Record<string, unknown>
    const { username, email, password } = person
    let tokens = {} as Tokens

    t.test('register: e-mail, user name and password for two tokens', async (t) => {
      const { status, body } = await api('POST', '/auth/register', person)
      t.equal(status, 201)
      t.match(body, { access_token: String, refresh_token: String, token_type: 'Bearer' })
      t.equal((await api('POST', '/auth/register', person)).status, 409)
    })

    t.test('login by user name or e-mail for two tokens', async (t) => {
      for (const identifier of [username, email]) {
        const { status, body } = await api('POST', '/auth/login', { identifier, password })
        t.equal(status, 200)
        tokens = body
      }
      t.equal((await api('POST', '/auth/login', { identifier: username, password: 'wrong' })).status, 401)
    })

    t.test('refresh gives both tokens anew, and the old refresh token is revoked', async (t) => {
      const { status, body } = await api('POST', '/auth/refresh', { refresh_token: tokens.refresh_token })
      t.equal(status, 200)
      t.not(body.refresh_token, tokens.refresh_token)
      t.not(body.access_token, tokens.access_token)
      const again = await login(app, username, password)
      const { refresh_token } = again
      await api('POST', '/auth/refresh', { refresh_token })
      app.clock.advance(10_000)
      t.equal((await api('POST', '/auth/refresh', { refresh_token })).status, 401)
      tokens = body
    })

    t.test('logout: the refresh token is revoked and the session over', async (t) => {
      const { access_token, refresh_token } = await login(app, username, password)
      t.equal((await api('POST', '/auth/logout', { refresh_token })).status, 200)
      t.equal((await api('POST', '/auth/refresh', { refresh_token })).status, 401)
      t.equal((await api('GET', '/users/me', undefined, access_token)).status, 401)
    })

    t.test('users/me: one’s own profile, read and changed', async (t) => {
      t.equal((await api('GET', '/users/me')).status, 401)
      t.match(await api('GET', '/users/me', undefined, tokens.access_token), { status: 200, body: { username, email } })
      const put = await api('PUT', '/users/me', { name: 'Dora' }, tokens.access_token)
      t.match(put, { status: 200, body: { name: 'Dora' } })
    })

    t.test('users: an admin lists and creates; a user does neither', async (t) => {
      const admin = await registerAdmin(app)
      const list = await api('GET', '/users', undefined, admin.access_token)
      t.equal(list.status, 200)
      t.ok(list.body.items.length >= 2)
      t.equal((await api('POST', '/users', somebody(), admin.access_token)).status, 201)
      t.equal((await api('GET', '/users', undefined, tokens.access_token)).status, 403)
      t.equal((await api('POST', '/users', somebody(), tokens.access_token)).status, 403)
    })

    t.test(
      'users/{user_id}: an admin or oneself reads, an admin changes any member, roles and state included',
      async (t) => {
        const admin = await registerAdmin(app)
        const { id } = (await api('GET', '/users/me', undefined, tokens.access_token)).body
        for (const token of [admin.access_token, tokens.access_token])
          matchLists(t, await api('GET', `/users/${id}`, undefined, token), { status: 200, body: { id, username } })
        const others = (await api('GET', '/users/me', undefined, admin.access_token)).body.id
        t.equal((await api('GET', `/users/${others}`, undefined, tokens.access_token)).status, 403)
        t.equal((await api('PUT', `/users/${id}`, { roles: ['admin'] }, tokens.access_token)).status, 403)
        const promoted = await api('PUT', `/users/${id}`, { roles: ['admin', 'user'] }, admin.access_token)
        matchLists(t, promoted, { status: 200, body: { roles: ['admin', 'user'] } })
        const disabled = await api('PUT', `/users/${id}`, { disabled: true }, admin.access_token)
        t.match(disabled, { status: 200, body: { disabled_at: String } })
        t.equal((await api('GET', '/users/me', undefined, tokens.access_token)).status, 401)
        t.equal((await api('PUT', `/users/${id}`, { disabled: false }, admin.access_token)).status, 200)
      },
    )

    t.test('logout-all ends every session of the user', async (t) => {
      const [first, second] = [await login(app, username, password), await login(app, username, password)]
      t.equal((await api('POST', '/auth/logout-all', undefined, first.access_token)).status, 200)
      for (const { access_token, refresh_token } of [first, second]) {
        t.equal((await api('GET', '/users/me', undefined, access_token)).status, 401)
        t.equal((await api('POST', '/auth/refresh', { refresh_token })).status, 401)
      }
    })

    t.test('health, and the pages of the documentation', async (t) => {
      t.match(await ask('GET', '/health'), { status: 200, body: { status: 'ok' } })
      for (const url of ['/docs', '/redoc']) {
        const { statusCode, headers } = await app.inject({ url })
        t.ok(statusCode < 400, url)
        if (statusCode === 200) t.match(headers['content-type'], /^text\/html/)
      }
    })
  }),
)
