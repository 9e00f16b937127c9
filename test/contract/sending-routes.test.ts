/** Every route that sends mail is known by name, with who pays; test/support/sending.ts watches that in every other test. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import type { FastifyInstance, RouteOptions } from 'fastify'
import t, { type Test } from 'tap'
import { PURSES, type Purse, type Template } from '../../src/mail/messages.ts'
import { BUDGETS } from '../../src/throttling/budgets.ts'
import { startApp } from '../support/app.ts'
import { SENDING, sendingFault } from '../support/sending.ts'

/** Every route there is, with what its class of limits is. */
async function listRoutes(t: Test) {
  const routes = new Map<string, string | undefined>()
  const watch = (message: unknown) => {
    ;(message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url, config }: RouteOptions) => {
      for (const each of [method].flat()) routes.set(`${each} ${url}`, config?.limit)
    })
  }
  subscribe('fastify.initialization', watch)
  const app = await startApp(t, { SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' })
  unsubscribe('fastify.initialization', watch)
  return { app, routes }
}

t.test('every route that is said to send is there, and pays out of a purse that its messages have', async (t) => {
  const { routes } = await listRoutes(t)
  for (const [route, { sends = {}, asks }] of Object.entries(SENDING)) {
    t.ok(routes.has(route), route)
    t.ok(asks !== undefined || Object.keys(sends).length > 0, route)
    for (const [template, purse] of Object.entries(sends) as [Template, Purse][]) {
      t.ok((PURSES[template] as readonly Purse[]).includes(purse), `${route}: ${template}`)
      t.ok(Object.hasOwn(BUDGETS, `mail_${purse}`), `there is a budget for ${purse}`)
    }
  }
})

t.test('every route whose calls are limited as those that send is among them', async (t) => {
  const { routes } = await listRoutes(t)
  const limited = [...routes].filter(([, limit]) => limit === 'mail').map(([route]) => route)
  t.ok(limited.length >= 5)
  for (const route of limited) t.ok(SENDING[route], route)
})

t.test('a route that sends without being named is found out', async (t) => {
  t.match(sendingFault({ route: 'GET /health', what: 'password-changed' }), 'GET /health sends')
  t.match(sendingFault({ route: 'POST /api/v1/auth/login', what: 'invitation' }), 'sends “invitation”')
  t.equal(sendingFault({ route: 'POST /api/v1/auth/login', what: 'new-device' }), undefined)
})

t.test('every budget and its number is in the documents', async (t) => {
  const page = readFileSync(new URL('../../docs/proofs-by-mail.md', import.meta.url), 'utf8')
  for (const [name, { most }] of Object.entries(BUDGETS)) {
    const [row = ''] = page.split('\n').filter((line) => line.startsWith(`| \`${name}\``))
    t.match(row, new RegExp(`\\b${most}\\b`), name)
  }
})
