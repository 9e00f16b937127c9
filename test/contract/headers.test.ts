/** The headers that clients read are in the contract; test/support/contract.ts holds every answer of all tests against it. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { type Document, operationsOf } from '../../plugins/openapi-document.ts'
import { bearer, post, registerAdmin, registerSomebody, somebody, startApp, type TestApp } from '../support/app.ts'
import { violation } from '../support/contract.ts'

const document = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')) as Document

t.test('every header that the contract names is sent somewhere', async (t) => {
  const app = await startApp(t, { RATE_LIMIT: 'on', RATE_LIMITS: 'strength=1/1h', EMAIL_CHANGE: 'at-once' })
  const admin = await registerAdmin(app)
  const person = await registerSomebody(app)
  app.clock.advance(11 * 60_000)
  const get = (url: string, headers = {}) => app.inject({ url, headers })
  const ask = () => post(app, '/auth/password/strength', { password: 'correct horse' })
  const answers = [
    await post(app, '/auth/register', somebody()),
    await get('/.well-known/jwks.json'),
    await get('/api/v1/users/me'),
    await get('/api/v1/audit', person.authorization),
    await get('/api/v1/audit/export', admin.authorization),
    await get('/api/v1/auth/verify', admin.authorization),
    await ask(),
    await ask(),
  ]
  const sent = new Set(answers.flatMap(({ headers }) => Object.keys(headers)))
  const responses = [
    ...operationsOf(document).flatMap(([, operation]) => Object.values(operation.responses)),
    ...Object.values(document.components.responses),
  ]
  const declared = new Set(responses.flatMap(({ headers = {} }) => Object.keys(headers)))
  t.ok(declared.size >= 9, [...declared].join(', '))
  for (const name of declared) t.ok(sent.has(name.toLowerCase()), name)
})

t.test('every answer to a request names it', async (t) => {
  for (const [, { operationId, responses }] of operationsOf(document)) {
    for (const [status, { $ref, headers }] of Object.entries(responses)) {
      const name = $ref?.split('/').at(-1) ?? ''
      const all = headers ?? document.components.responses[name]?.headers ?? {}
      t.equal('X-Request-Id' in all, !['408', '431'].includes(status), `${operationId} ${status}`)
    }
  }
})

t.test('a header that the contract does not name is found out', async (t) => {
  const app: TestApp = await startApp(t)
  const { headers, body } = await app.inject({ url: '/api/v1/users/me', headers: bearer('none') })
  const answer = { method: 'GET', path: '/api/v1/users/me', status: 401, body }
  t.equal(violation({ ...answer, headers }), undefined)
  t.match(violation({ ...answer, headers: { ...headers, 'x-new': '1' } }), 'x-new is not in the contract')
  t.match(violation({ ...answer, headers: { ...headers, 'x-request-id': undefined } }), 'no X-Request-Id')
})
