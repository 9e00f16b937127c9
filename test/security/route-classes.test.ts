/** Which calls count among which: a route in a wrong class is too free, or keeps others from what is theirs. */
import t from 'tap'
import { LIMIT_CLASSES } from '../../src/throttling/classes.ts'
import { startAndListRoutes } from '../support/routes.ts'

const ALL = { RATE_LIMIT: 'on', REGISTRATION: 'invite', SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' }

/** Every route that is not of the class `public`; HEAD counts as GET does. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  health: ['GET /health', 'GET /health/live', 'GET /health/ready'],
  read: [
    'GET /api/v1/users/me',
    'GET /api/v1/users/me/activity',
    'GET /api/v1/users/me/sessions',
    'GET /api/v1/users/:user_id',
    'GET /auth/protected',
    'GET /auth/user',
    'GET /user',
  ],
  gateway: ['DELETE', 'GET', 'OPTIONS', 'PATCH', 'POST', 'PUT'].flatMap((method) => [
    `${method} /api/v1/auth/verify`,
    `${method} /api/v1/auth/verify/*`,
  ]),
  write: [
    'PUT /api/v1/users/me',
    'DELETE /api/v1/users/me',
    'POST /api/v1/users/me/password',
    'DELETE /api/v1/users/me/sessions/:session_id',
    'POST /api/v1/auth/logout-all',
    'POST /auth/logout',
    'PUT /user',
    'DELETE /user',
  ],
  export: ['GET /api/v1/audit/export', 'GET /api/v1/users/me/export'],
  admin: [
    'GET /api/v1/audit',
    'GET /api/v1/users',
    'POST /api/v1/users',
    'PUT /api/v1/users/:user_id',
    'DELETE /api/v1/users/:user_id',
    'DELETE /api/v1/users/:user_id/sessions',
    'POST /api/v1/users/:user_id/unlock',
    'POST /api/v1/invitations',
  ],
  refresh: ['POST /api/v1/auth/refresh', 'POST /api/v1/auth/logout', 'POST /logout', 'POST /validate_token'],
  strength: ['POST /api/v1/auth/password/strength'],
  login: ['POST /api/v1/auth/login', 'POST /api/v1/auth/reauthenticate', 'POST /auth/login', 'POST /authenticate_user'],
  code: [
    'POST /api/v1/auth/email/change/confirm',
    'POST /api/v1/auth/email/change/undo',
    'POST /api/v1/auth/email/verify',
    'POST /api/v1/auth/invitations/accept',
    'POST /api/v1/auth/password/reset',
    'POST /api/v1/auth/session/end',
    'POST /api/v1/auth/sign-in/code/verify',
    'POST /api/v1/auth/sign-in/link/verify',
    'POST /api/v1/auth/unlock',
    'POST /accept-invitation',
    'POST /confirm-email-change',
    'POST /end-session',
    'POST /reset-password',
    'POST /sign-in',
    'POST /undo-email-change',
    'POST /unlock',
    'POST /verify-email',
  ],
  register: ['POST /api/v1/auth/register', 'POST /auth/register', 'POST /auth/signup', 'POST /user'],
  mail: [
    'POST /api/v1/auth/email/verification',
    'POST /api/v1/auth/email/verification/request',
    'POST /api/v1/auth/password/forgot',
    'POST /api/v1/auth/sign-in/code',
    'POST /api/v1/auth/sign-in/link',
  ],
}

t.test('every route counts among the class that the table says', async (t) => {
  const { routes } = await startAndListRoutes(t, ALL)
  t.ok(routes.length > 100)
  const found = new Map<string, string>()
  for (const { method, url, config } of routes) {
    const name = config?.limit ?? 'public'
    if (name !== 'public' && method !== 'HEAD') found.set(`${method} ${url}`, name)
  }
  const expected = Object.entries(TABLE).flatMap(([name, calls]) => calls.map((call) => [call, name]))
  t.strictSame(Object.fromEntries(found), Object.fromEntries(expected))
  for (const { method, url, config } of routes) {
    const like = found.get(`GET ${url}`)
    // one that is refused since there is no HEAD says nothing of its own
    if (method === 'HEAD' && like && config?.limit) t.equal(config.limit, like, `HEAD ${url}`)
  }
})

t.test('the table knows every class but what no route says: of refused tokens, and of the public', (t) => {
  const others = LIMIT_CLASSES.filter((name) => !Object.hasOwn(TABLE, name))
  t.strictSame(others.sort(), ['public', 'refused'])
  t.end()
})
