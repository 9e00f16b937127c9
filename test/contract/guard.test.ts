/** Who may ask is a matter of place: whatever is not in an open place answers 401 to strangers. */
import t from 'tap'
import { PAGES } from '../../src/mail/links.ts'
import { filledIn, type Route, startAndListRoutes } from '../support/routes.ts'

/** Everything that strangers may ask: `routes/v1/public/`, health, well-known, the documentation, pages for links in messages. */
const OPEN = [
  /^\/api\/v1\/auth\/(register|login|refresh|logout|unlock|challenge|session\/end)$/,
  /^\/api\/v1\/auth\/password\/(strength|forgot|reset)$/,
  /^\/api\/v1\/auth\/email\/(verify|verification\/request|change\/(confirm|undo))$/,
  /^\/api\/v1\/auth\/sign-in\/(link|code)(\/verify)?$/,
  /^\/api\/v1\/auth\/invitations\/accept$/,
  /^\/health(\/live|\/ready)?$/,
  /^\/\.well-known\/jwks\.json$/,
  /^\/openapi(-compat|-3\.1)?\.(yaml|json)$/,
  /^\/(docs|redoc)(\/|$)/,
  new RegExp(`^/(${PAGES.join('|')})$`),
]

/** Calls of `routes/compat/` that strangers may make. */
const OPEN_CALLS = [
  'GET /auth/ping',
  'HEAD /auth/ping',
  'POST /auth/signup',
  'POST /auth/register',
  'POST /auth/login',
  'POST /user',
  'POST /authenticate_user',
]

const isOpen = ({ method, url }: Pick<Route, 'method' | 'url'>) =>
  OPEN.some((open) => open.test(url)) || OPEN_CALLS.includes(`${method} ${url}`)

t.test('every route outside the open places answers 401 without a token', async (t) => {
  const { app, routes } = await startAndListRoutes(t)
  let guarded = 0
  for (const { method, url } of routes.filter((route) => !isOpen(route))) {
    const { statusCode } = await app.inject({ method: method as 'GET', url: filledIn(url) })
    // the refusal of a method that the URL does not have is no route that anybody wrote
    if (statusCode === 405) continue
    guarded += 1
    t.equal(statusCode, 401, `${method} ${url}`)
  }
  t.ok(guarded >= 15, `${guarded} guarded routes were found`)
})

t.test('every open place is one that exists, and asks nobody for a token', async (t) => {
  const { app, routes } = await startAndListRoutes(t)
  for (const open of OPEN)
    t.ok(
      routes.some(({ url }) => open.test(url)),
      String(open),
    )
  for (const call of OPEN_CALLS)
    t.ok(
      routes.some(({ method, url }) => `${method} ${url}` === call),
      call,
    )
  const places = routes.filter((route) => route.method !== 'HEAD' && isOpen(route))
  for (const { method, url } of places) {
    const { statusCode } = await app.inject({ method: method as 'GET', url: filledIn(url) })
    t.not(statusCode, 401, `${method} ${url}`)
  }
})
