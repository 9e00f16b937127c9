/** What a session alone is not enough for: every guarded call that changes something, or shows much, has its line here. */
import t from 'tap'
import { post, registerAdmin, somebody } from '../support/app.ts'
import { startAndListRoutes } from '../support/routes.ts'

/** A body that the call takes; the query, and the headers, where these decide. */
interface Call {
  payload?: object
  query?: string
  headers?: Record<string, string>
}

/** Calls that an old proof is not enough for, and calls of the same route that it is enough for. */
interface Line {
  needs?: readonly Call[]
  passes?: readonly Call[]
}

const ANY: Line = { needs: [{}] }
const FREE: Line = { passes: [{}] }
const email = 'another@example.org'

/** Every guarded call of the API. */
const TABLE: Readonly<Record<string, Line>> = {
  // one's own account
  'GET /users/me': FREE,
  'PUT /users/me': {
    needs: [{ payload: { email } }, { payload: { username: 'another' } }],
    passes: [{ payload: { name: 'Ada' } }, { payload: { locale: 'de' } }],
  },
  'DELETE /users/me': ANY,
  // takes the current password, which is a proof
  'POST /users/me/password': {
    passes: [{ payload: { current_password: 'wrong', new_password: 'long enough to be one' } }],
  },
  'POST /auth/email/verification': FREE,
  'GET /users/me/sessions': FREE,
  'GET /users/me/activity': FREE,
  'GET /users/me/export': ANY,
  // whoever notices a thief must not be held up
  'DELETE /users/me/sessions/:session_id': FREE,
  'POST /auth/logout-all': FREE,
  'POST /auth/reauthenticate': { passes: [{ payload: { password: 'wrong' } }] },
  'GET /users/:user_id': FREE,
  // other accounts
  'GET /users': FREE,
  'POST /users': {
    needs: [{ payload: somebody({ roles: ['admin'] }) }],
    passes: [{ payload: somebody() }],
  },
  'PUT /users/:user_id': {
    needs: [
      { payload: { roles: ['user'] } },
      { payload: { password: 'long enough to be one' } },
      { payload: { email } },
      { payload: { username: 'another' } },
      { payload: { disabled: true } },
      { payload: { disabled: false } },
    ],
    passes: [{ payload: { name: 'Ada' } }],
  },
  'DELETE /users/:user_id': ANY,
  'POST /users/:user_id/unlock': ANY,
  'DELETE /users/:user_id/sessions': FREE,
  'POST /invitations': {
    needs: [{ payload: { email, roles: ['admin'] } }],
    passes: [{ payload: { email } }],
  },
  'GET /audit': FREE,
  'GET /audit/export': ANY,
}

const PREFIX = '/api/v1'

/** Asked by a gateway with every method that a client has used; it changes nothing. */
const GATEWAY = /^\/api\/v1\/auth\/verify(\/|$)/

t.test('an old proof is enough for what the table says, and for nothing else', async (t) => {
  const { app, routes } = await startAndListRoutes(t, {
    ACCESS_TOKEN_TTL: '1h',
    REGISTRATION: 'invite',
    COMPAT: 'none',
  })
  const admin = await registerAdmin(app)
  const { id } = (await post(app, '/users', somebody(), admin.authorization)).json<{ id: string }>()
  app.clock.advance(11 * 60_000)

  const guarded = []
  for (const { method, url } of routes) {
    if (!url.startsWith(PREFIX) || method === 'HEAD' || GATEWAY.test(url)) continue
    const path = url.replace(/:\w+/g, id)
    const { statusCode } = await app.inject({ method: method as 'GET', url: path })
    if (statusCode === 401) guarded.push(`${method} ${url.slice(PREFIX.length)}`)
  }
  t.strictSame(guarded.toSorted(), Object.keys(TABLE).toSorted(), 'every guarded route has its line')

  const codeOf = async (line: string, { payload, query = '', headers }: Call) => {
    const [method = '', path = ''] = line.split(' ')
    const url = `${PREFIX}${path.replace(/:\w+/g, id)}${query}`
    const call = { method: method as 'POST', url, headers: { ...admin.authorization, ...headers } }
    const { statusCode, body } = await app.inject({ ...call, ...(payload && { payload }) })
    return statusCode >= 400 ? JSON.parse(body).code : ''
  }
  for (const [line, { needs = [], passes = [] }] of Object.entries(TABLE)) {
    for (const call of needs)
      t.equal(await codeOf(line, call), 'reauthentication_required', `${line} ${JSON.stringify(call)}`)
    if (line === 'POST /auth/logout-all') continue
    for (const call of passes) {
      const code = await codeOf(line, call)
      t.notOk(
        ['reauthentication_required', 'validation_failed'].includes(code),
        `${line} ${JSON.stringify(call)} ${code}`,
      )
    }
  }
  t.equal(await codeOf('POST /auth/logout-all', {}), '', 'and then everything ends')
  t.equal((await post(app, '/auth/logout-all', {}, admin.authorization)).statusCode, 401)
})
