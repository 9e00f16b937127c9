/** No answer is larger than its bound, however much an account has gathered, and whatever is sent. */
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { type Person, registerAdmin, registerSomebody, type TestApp } from '../support/app.ts'
import { filledIn, type Route, startAndListRoutes } from '../support/routes.ts'
import { LONGEST_ADDRESS, LONGEST_AGENT, multiplySessions } from '../support/sessions.ts'

const KB = 1024

/** What is read in bounded steps, and has no bound as a whole. */
const IN_STEPS = ['/api/v1/audit/export', '/api/v1/users/me/export']

/** Every URL by what its answers take at the most. Pages of documentation are files. */
const BOUNDS: readonly (readonly [bytes: number, urls: readonly string[]])[] = [
  [64 * KB, ['/api/v1/users/me/sessions']],
  // a hundred of what an account or an event can be
  [192 * KB, ['/api/v1/users', '/api/v1/audit', '/api/v1/users/me/activity']],
  [1024 * KB, ['/openapi.yaml', '/openapi.json', '/openapi-compat.yaml', '/openapi-compat.json', '/openapi-3.1.json']],
  [
    16 * KB,
    [
      '/.well-known/jwks.json',
      '/accept-invitation',
      '/api/v1/auth/challenge',
      '/api/v1/auth/email/change/confirm',
      '/api/v1/auth/email/change/undo',
      '/api/v1/auth/email/verification',
      '/api/v1/auth/email/verification/request',
      '/api/v1/auth/email/verify',
      '/api/v1/auth/invitations/accept',
      '/api/v1/auth/login',
      '/api/v1/auth/logout',
      '/api/v1/auth/logout-all',
      '/api/v1/auth/password/forgot',
      '/api/v1/auth/password/reset',
      '/api/v1/auth/password/strength',
      '/api/v1/auth/reauthenticate',
      '/api/v1/auth/refresh',
      '/api/v1/auth/register',
      '/api/v1/auth/session/end',
      '/api/v1/auth/sign-in/code',
      '/api/v1/auth/sign-in/code/verify',
      '/api/v1/auth/sign-in/link',
      '/api/v1/auth/sign-in/link/verify',
      '/api/v1/auth/unlock',
      '/api/v1/auth/verify',
      '/api/v1/auth/verify/*',
      '/api/v1/invitations',
      '/api/v1/users/:user_id',
      '/api/v1/users/:user_id/sessions',
      '/api/v1/users/:user_id/unlock',
      '/api/v1/users/me',
      '/api/v1/users/me/password',
      '/api/v1/users/me/sessions/:session_id',
      '/auth/login',
      '/auth/logout',
      '/auth/ping',
      '/auth/protected',
      '/auth/register',
      '/auth/signup',
      '/auth/user',
      '/authenticate_user',
      '/confirm-email-change',
      '/end-session',
      '/health',
      '/health/live',
      '/health/ready',
      '/logout',
      '/reset-password',
      '/undo-email-change',
      '/unlock',
      '/user',
      '/validate_token',
      '/verify-email',
    ],
  ],
]

const boundOf = ({ url }: Pick<Route, 'url'>) => BOUNDS.find(([, urls]) => urls.includes(url))?.[0]
const isFile = ({ url }: Route) => /^\/(docs|redoc)(\/|$)/.test(url)

/** Fills the service until every list has its longest page. */
async function grow(app: TestApp, owner: Person): Promise<void> {
  const user = await app.db
    .selectFrom('users')
    .selectAll()
    .where('username', '=', owner.username)
    .executeTakeFirstOrThrow()
  const { id, uid } = user
  const long = { name: '😀'.repeat(128), email_verified_at: app.now(), locale: 'de-DE-1996' }
  await app.db.updateTable('users').set(long).where('id', '=', id).execute()
  const others = Array.from({ length: 110 }, (_, index) => {
    const username = `${index}${'ß'.repeat(60)}`
    const email = `${index}.${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(50)}.example`
    const { id: _id, ...row } = user
    return { ...row, ...long, uid: uuidv7(), username, username_key: username, email, email_key: email }
  })
  await app.db.insertInto('users').values(others).execute()
  const personal = { user_id: id, ip: LONGEST_ADDRESS, user_agent: LONGEST_AGENT }
  await multiplySessions(app, 99, personal)
  await multiplySessions(app, 20, { ...personal, kind: 'dialect' })
  const event = await app.db.selectFrom('audit_events').selectAll().limit(1).executeTakeFirstOrThrow()
  const events = Array.from({ length: 210 }, () => ({
    ...event,
    id: uuidv7(),
    actor: uid,
    subject: uid,
    session_id: uid,
    request_id: 'r'.repeat(128),
    ip: LONGEST_ADDRESS,
    user_agent: LONGEST_AGENT,
    seq: null,
    chain: null,
  }))
  await app.db.insertInto('audit_events').values(events).execute()
}

/** A body as large as may be, of members that nobody knows, with names and values that take room when they are told of. */
const JUNK = Object.fromEntries(
  Array.from({ length: 600 }, (_, index) => [`${index}${'"'.repeat(20)}`, '\\'.repeat(20)]),
)

t.test('every route is in the table, and nothing else is', async (t) => {
  const { routes } = await startAndListRoutes(t)
  const ours = new Set(routes.filter((route) => !isFile(route)).map(({ url }) => url))
  const listed = [...BOUNDS.flatMap(([, urls]) => urls), ...IN_STEPS]
  t.strictSame([...ours].sort(), listed.toSorted())
})

t.test('what an account that has grown to its limits reads is bounded', async (t) => {
  const { app, routes } = await startAndListRoutes(t)
  const owner = await registerAdmin(app)
  await grow(app, owner)
  const long = new Set<string>()
  for (const { url } of routes.filter(({ method }) => method === 'GET')) {
    const bound = boundOf({ url })
    if (bound === undefined) continue
    for (const query of ['', '?limit=80', '?limit=100']) {
      const { body } = await app.inject({ url: `${filledIn(url)}${query}`, headers: owner.authorization })
      const size = Buffer.byteLength(body)
      t.ok(size <= bound, `${url}${query}: ${size} of ${bound} bytes`)
      if (size > 40 * KB) long.add(url)
    }
  }
  t.strictSame(
    [...long].sort(),
    [
      '/api/v1/audit',
      '/api/v1/users',
      '/api/v1/users/me/activity',
      '/api/v1/users/me/sessions',
      '/openapi-3.1.json',
      '/openapi-compat.json',
      '/openapi-compat.yaml',
      '/openapi.json',
      '/openapi.yaml',
    ],
    'the long ones were tried with as much as they hold',
  )
})

t.test('whatever is sent, a refusal is short', async (t) => {
  const { app, routes } = await startAndListRoutes(t)
  let person = await registerSomebody(app)
  const long = 'x'.repeat(6000)
  let answered = 0
  for (const { method, url } of routes.filter((route) => !isFile(route) && route.method !== 'HEAD')) {
    const { body, statusCode } = await app.inject({
      method: method as 'POST',
      url: `${filledIn(url)}?${long}=1&limit=${long}&cursor=${long}`,
      headers: person.authorization,
      ...(method !== 'GET' && { payload: JUNK }),
    })
    // the refusal of a method that the URL does not have is no route that anybody wrote
    if (statusCode !== 405) answered += 1
    t.ok(Buffer.byteLength(body) <= (boundOf({ url }) ?? 16 * KB), `${method} ${url}: ${body.length}`)
    // some of these sign out
    if (statusCode === 401 || method === 'DELETE') person = await registerSomebody(app)
  }
  t.ok(answered > 50, `${answered} were answered`)
})
