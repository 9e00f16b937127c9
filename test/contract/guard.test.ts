/** Who may ask is a matter of place: whatever is not in an open place answers 401 to strangers. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, HTTPMethods, RouteOptions } from 'fastify'
import t, { type Test } from 'tap'
import { PAGES } from '../../src/mail/links.ts'
import { startApp } from '../support/app.ts'

/** Everything that strangers may ask: `routes/v1/public/`, health, well-known, the documentation, pages for links in messages. */
const OPEN = [
  /^\/api\/v1\/auth\/(register|login|refresh|logout|unlock|challenge|session\/end)$/,
  /^\/api\/v1\/auth\/password\/(strength|forgot|reset)$/,
  /^\/api\/v1\/auth\/email\/(verify|verification\/request|change\/(confirm|undo))$/,
  /^\/api\/v1\/auth\/sign-in\/(link|code)(\/verify)?$/,
  /^\/api\/v1\/auth\/invitations\/accept$/,
  /^\/health(\/live|\/ready)?$/,
  /^\/\.well-known\/jwks\.json$/,
  /^\/openapi\.(yaml|json)$/,
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

const isOpen = ({ method, url }: Route) =>
  OPEN.some((open) => open.test(url)) || OPEN_CALLS.includes(`${method} ${url}`)

interface Route {
  method: HTTPMethods
  url: string
}

/** The service with every route it has, the hidden ones too: Fastify announces an instance before it has any. */
async function startAndListRoutes(t: Test) {
  const routes: Route[] = []
  const watch = (message: unknown) => {
    ;(message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }: RouteOptions) => {
      for (const each of [method].flat()) routes.push({ method: each as HTTPMethods, url })
    })
  }
  subscribe('fastify.initialization', watch)
  const app = await startApp(t)
  unsubscribe('fastify.initialization', watch)
  return { app, routes }
}

const filledIn = (url: string) => url.replace(/:\w+/g, '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21').replace('*', 'x')

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
