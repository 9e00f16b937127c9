import t from 'tap'
import {
  bearer,
  getMe,
  login,
  onEachStore,
  post,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
} from '../support/app.ts'
import { matchLists } from '../support/match.ts'

const idOf = async (app: TestApp, token: string): Promise<string> => (await getMe(app, token)).json().id

const put = (app: TestApp, id: string, payload: object, headers: Record<string, string>) =>
  app.inject({ method: 'PUT', url: `/api/v1/users/${id}`, payload, headers })

t.test('administrators', (t) =>
  onEachStore(t, async (t, environment) => {
    t.test('make accounts, with roles and state', async (t) => {
      const app = await startApp(t, environment)
      const admin = await registerAdmin(app)
      const { password, ...member } = somebody({ name: 'Grace' })
      const made = await post(
        app,
        '/users',
        { ...member, password, roles: ['user', 'admin'], disabled: true },
        admin.authorization,
      )
      t.equal(made.statusCode, 201)
      matchLists(t, made.json(), {
        ...member,
        roles: ['admin', 'user'],
        disabled_at: new Date(app.clock.now()).toISOString(),
      })
      t.match((await post(app, '/users', { ...member, password }, admin.authorization)).json(), { status: 409 })
      matchLists(t, (await post(app, '/users', somebody(), admin.authorization)).json(), { roles: ['user'] })
      t.match((await post(app, '/users', somebody({ roles: [] }), admin.authorization)).json(), { status: 400 })
      t.match((await post(app, '/users', somebody({ roles: ['root'] }), admin.authorization)).json(), { status: 400 })
    })

    t.test('disabling an account stops it at once, enabling it lets it back in, not its old sessions', async (t) => {
      const app = await startApp(t, environment)
      const [admin, person] = [await registerAdmin(app), await registerSomebody(app)]
      const id = await idOf(app, person.access_token)
      const disabled = await put(app, id, { disabled: true }, admin.authorization)
      t.equal(disabled.json().disabled_at, new Date(app.clock.now()).toISOString())
      t.equal((await getMe(app, person.access_token)).json().code, 'session_revoked')
      t.equal(
        (await post(app, '/auth/refresh', { refresh_token: person.refresh_token })).json().code,
        'refresh_token_invalid',
      )
      t.equal(
        (await post(app, '/auth/login', { identifier: person.username, password: person.password })).statusCode,
        403,
      )
      app.clock.advance(1000)
      t.equal(
        (await put(app, id, { disabled: true }, admin.authorization)).json().disabled_at,
        disabled.json().disabled_at,
        'since then',
      )
      t.notOk('disabled_at' in (await put(app, id, { disabled: false }, admin.authorization)).json())
      t.equal((await getMe(app, person.access_token)).statusCode, 401)
      t.ok(await login(app, person.username, person.password))
    })

    t.test('a change of roles counts from the next request', async (t) => {
      const app = await startApp(t, environment)
      const [admin, person] = [await registerAdmin(app), await registerSomebody(app)]
      const id = await idOf(app, person.access_token)
      const list = () => app.inject({ method: 'GET', url: '/api/v1/users', headers: person.authorization })
      t.equal((await list()).statusCode, 403)
      await put(app, id, { roles: ['admin', 'user'] }, admin.authorization)
      t.equal((await list()).statusCode, 200)
      await put(app, id, { roles: ['user'] }, admin.authorization)
      t.equal((await list()).statusCode, 403)
    })

    t.test('setting a password signs the account out everywhere', async (t) => {
      const app = await startApp(t, environment)
      const [admin, person] = [await registerAdmin(app), await registerSomebody(app)]
      const id = await idOf(app, person.access_token)
      t.match((await put(app, id, { password: 'short' }, admin.authorization)).json(), { code: 'password_too_short' })
      t.equal((await put(app, id, { password: 'set by an admin' }, admin.authorization)).statusCode, 200)
      t.equal((await getMe(app, person.access_token)).statusCode, 401)
      t.ok(await login(app, person.username, 'set by an admin'))
    })

    t.test('end an account’s sessions, and delete it', async (t) => {
      const app = await startApp(t, environment)
      const [admin, person] = [await registerAdmin(app), await registerSomebody(app)]
      const id = await idOf(app, person.access_token)
      const remove = (path: string) =>
        app.inject({ method: 'DELETE', url: `/api/v1/users/${path}`, headers: admin.authorization })
      t.equal((await remove(`${id}/sessions`)).statusCode, 204)
      t.equal((await getMe(app, person.access_token)).statusCode, 401)
      const again = await login(app, person.username, person.password)
      t.equal((await remove(id)).statusCode, 204)
      t.equal((await getMe(app, again.access_token)).statusCode, 401)
      for (const gone of [id, `${id}/sessions`])
        t.match((await remove(gone)).json(), { status: 404, code: 'user_not_found' })
      t.match((await put(app, id, { name: 'Nobody' }, admin.authorization)).json(), {
        status: 404,
        code: 'user_not_found',
      })
    })

    t.test('the last active one can neither be deleted, disabled nor demoted', async (t) => {
      const app = await startApp(t, environment)
      const admin = await registerAdmin(app)
      const id = await idOf(app, admin.access_token)
      const del = (url: string) => app.inject({ method: 'DELETE', url, headers: admin.authorization })
      t.match((await put(app, id, { disabled: true }, admin.authorization)).json(), { status: 409, code: 'last_admin' })
      matchLists(t, (await put(app, id, { roles: ['user'] }, admin.authorization)).json(), {
        status: 409,
        code: 'last_admin',
      })
      t.match((await del(`/api/v1/users/${id}`)).json(), { status: 409, code: 'last_admin' })
      t.match((await del('/api/v1/users/me')).json(), { status: 409, code: 'last_admin' })
      matchLists(
        t,
        (await getMe(app, admin.access_token)).json(),
        { roles: ['admin', 'user'] },
        'nothing was half done',
      )
      const second = await registerAdmin(app)
      const secondId = await idOf(app, second.access_token)
      const both = await Promise.all([
        put(app, id, { roles: ['user'] }, admin.authorization),
        put(app, secondId, { roles: ['user'] }, second.authorization),
      ])
      t.strictSame(both.map(({ statusCode }) => statusCode).sort(), [200, 409], 'two that demote themselves at once')
    })
  }),
)

t.test('what needs a permission is refused to ordinary users', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const id = await idOf(app, person.access_token)
  const calls = [
    ['GET', '/users', undefined],
    ['POST', '/users', somebody()],
    ['PUT', `/users/${id}`, { name: 'x' }],
    ['DELETE', `/users/${id}`, undefined],
    ['DELETE', `/users/${id}/sessions`, undefined],
  ] as const
  for (const [method, url, payload] of calls) {
    const response = await app.inject({
      method,
      url: `/api/v1${url}`,
      headers: bearer(person.access_token),
      ...(payload && { payload }),
    })
    t.match(response.json(), { status: 403, code: 'permission_denied' }, `${method} ${url}`)
  }
})

t.test('the list of accounts', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  const list = async (query: Record<string, string>) =>
    (await app.inject({ method: 'GET', url: '/api/v1/users', query, headers: admin.authorization })).json()
  const names = [admin.username]
  for (let index = 0; index < 11; index += 1) names.push((await registerSomebody(app)).username)

  t.test('comes in pages that neither repeat nor skip while accounts come and go', async (t) => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await list({ limit: '5', ...(cursor && { cursor }) })
      seen.push(...page.items.map(({ username }: { username: string }) => username))
      cursor = page.next_cursor
      if (cursor)
        await app.db
          .deleteFrom('users')
          .where('username', '=', seen[0] ?? '')
          .where('username', '<>', admin.username)
          .execute()
      if (seen.length === 5) names.push((await registerSomebody(app)).username)
    } while (cursor)
    t.strictSame(seen, names)
  })

  t.test('finds by part of a name or address, by role and by state', async (t) => {
    await t.rejects(
      registerSomebody(app, { username: 'grace_100%', email: 'hopper@example.com', name: 'Grace Hopper' }),
      /validation_failed.*\/username/,
      'a percent sign is in no user name',
    )
    const grace = await registerSomebody(app, {
      username: 'grace_100',
      email: 'hopper@example.com',
      name: 'Grace Hopper',
    })
    const usernames = async (query: Record<string, string>) =>
      (await list(query)).items.map(({ username }: { username: string }) => username)
    for (const q of ['GRACE_', 'hopper@', 'ce hop']) t.strictSame(await usernames({ q }), [grace.username], q)
    t.strictSame(await usernames({ q: '%' }), [], 'a wildcard is a character')
    t.strictSame(await usernames({ role: 'admin' }), [admin.username])
    await app.db.updateTable('users').set({ disabled_at: 1 }).where('username', '=', grace.username).execute()
    t.strictSame(await usernames({ state: 'disabled' }), [grace.username])
    t.notOk((await usernames({ state: 'active', limit: '100' })).includes(grace.username))
  })

  t.test('refuses queries that it does not know', async (t) => {
    for (const query of [
      { limit: '0' },
      { limit: '101' },
      { limit: 'x' },
      { cursor: '!' },
      { cursor: 'e30' },
      { state: 'x' },
      { role: 'x' },
      { x: '1' },
    ]) {
      matchLists(t, await list(query as Record<string, string>), {
        status: 400,
        code: 'validation_failed',
        errors: [{ location: 'query' }],
      })
    }
  })
})
