/** No operation without a test of its refusals: each is asked for what it must not give. */
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { Document, Operation } from '../../plugins/openapi-document.ts'
import { readContract } from '../../scripts/contract/read.ts'
import { bearer, registerAdmin, startApp, type TestApp } from '../support/app.ts'

interface Call extends Operation {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  url: string
  template: string
}

/** Nothing is off. */
const ON = { SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' }

const ID = '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21'

const callsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([template, item]) =>
    Object.entries(item).map(
      ([method, operation]) =>
        ({ ...operation, template, url: template.replace(/\{\w+\}/g, ID), method: method.toUpperCase() }) as Call,
    ),
  )

const own = callsOf(readContract('main'))
/** Calls that answer as another service does: a problem document would tell their clients nothing. */
const foreign = callsOf(readContract('compat'))
const calls = [...own, ...foreign]
/** Whether a token is looked at, and whether the call needs one: `{}` stands for none. */
const knowsTokens = ({ security = [] }: Call) => security.length > 0
const isGuarded = ({ security = [] }: Call) =>
  security.length > 0 && security.every((scheme) => Object.keys(scheme).length > 0)
const guarded = own.filter(isGuarded)

type Answer = Awaited<ReturnType<TestApp['inject']>>

function isProblem(t: Test, { statusCode, headers, body }: Answer, status: number, code: string, title: string): void {
  t.equal(statusCode, status, title)
  t.match(headers['content-type'], /^application\/problem\+json/, title)
  t.equal(JSON.parse(body).code, code, title)
}

t.test('guarded operations answer 401 without a token, and tell the scheme', async (t) => {
  const app = await startApp(t)
  t.ok(guarded.length > 20)
  for (const { method, url, operationId } of guarded) {
    const answer = await app.inject({ method, url })
    isProblem(t, answer, 401, 'token_missing', operationId)
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="latchkey"')
  }
})

t.test('operations that look at a token answer 401 to one that is none', async (t) => {
  const app = await startApp(t)
  for (const { method, url, operationId } of own.filter(knowsTokens)) {
    const answer = await app.inject({ method, url, headers: { authorization: 'Bearer e30.e30.c2ln' } })
    isProblem(t, answer, 401, 'token_invalid', operationId)
    t.match(answer.headers['www-authenticate'], 'error="invalid_token"')
  }
})

t.test('operations with a body refuse one that lacks everything', async (t) => {
  const app = await startApp(t, ON)
  const { authorization } = await registerAdmin(app)
  for (const { method, url, operationId } of own.filter(({ requestBody }) => requestBody)) {
    const answer = await app.inject({ method, url, headers: authorization, payload: {} })
    isProblem(t, answer, 400, 'validation_failed', operationId)
    t.equal(answer.json().errors[0].location, 'body', operationId)
  }
})

/** What every refusal of a dialect is: JSON in the shape that the contract has for the status, and in no cache. */
function isForeignRefusal(t: Test, { statusCode, headers }: Answer, statuses: number[], title: string): void {
  t.ok(statuses.includes(statusCode), `${title}: ${statusCode}`)
  t.match(headers['content-type'], /^application\/json/, title)
  t.equal(headers['cache-control'], 'no-store', title)
  if (statusCode === 401) t.match(headers['www-authenticate'], /^Bearer/, title)
}

t.test(
  'dialects answer in their own shape: without a token, with one that is none, with one of another kind',
  async (t) => {
    const app = await startApp(t)
    t.ok(foreign.filter(isGuarded).length > 4)
    for (const { method, url, operationId } of foreign.filter(isGuarded)) {
      for (const headers of [{}, bearer('e30.e30.c2ln'), bearer('none'), { authorization: 'Basic YTpi' }])
        isForeignRefusal(t, await app.inject({ method, url, headers }), [401], operationId)
    }
  },
)

/** Calls of dialects that look at a token of their own before anything else, and those that have it in the body. */
const TOKEN_FIRST = ['flaskJwtDemoUpdateUser', 'flaskJwtDemoDeleteUser']
const TOKEN_INSIDE = ['flaskJwtDemoValidateToken', 'flaskJwtDemoLogout']

t.test('dialects refuse in their own shape: nothing, no JSON, another type, too much', async (t) => {
  const app = await startApp(t)
  const { authorization } = await registerAdmin(app)
  const json = { ...authorization, 'content-type': 'application/json' }
  const xml = { ...authorization, 'content-type': 'text/xml' }
  const writing = foreign.filter((call) => call.method !== 'GET')
  t.ok(writing.length > TOKEN_FIRST.length + TOKEN_INSIDE.length)
  for (const { method, url, operationId, requestBody } of writing) {
    const send = (payload: string, headers: Record<string, string>) => app.inject({ method, url, headers, payload })
    const isUnauthorised = (status: number) =>
      TOKEN_FIRST.includes(operationId) || (status === 400 && TOKEN_INSIDE.includes(operationId))
    const expected = (status: number) => [isUnauthorised(status) ? 401 : status]
    isForeignRefusal(t, await send('{', json), expected(400), operationId)
    isForeignRefusal(t, await send('<a/>', xml), expected(415), operationId)
    isForeignRefusal(t, await send(`"${'a'.repeat(65_536)}"`, json), expected(413), operationId)
    if (!requestBody) continue
    for (const nothing of ['{}', 'null', '[]', '5', '"text"', ''])
      isForeignRefusal(t, await send(nothing, json), expected(400), `${operationId} ${nothing}`)
  }
})

t.test('all but GET refuse bodies that are no JSON, of another type, or too large, wanted or not', async (t) => {
  const app = await startApp(t, ON)
  const { authorization } = await registerAdmin(app)
  const json = { ...authorization, 'content-type': 'application/json' }
  for (const { method, url, operationId } of own.filter((call) => call.method !== 'GET')) {
    const send = (payload: string, headers: Record<string, string>) => app.inject({ method, url, headers, payload })
    const xml = { ...authorization, 'content-type': 'text/xml' }
    isProblem(t, await send('{', json), 400, 'malformed_json', operationId)
    isProblem(t, await send('<a/>', xml), 415, 'media_type_unsupported', operationId)
    isProblem(t, await send(`"${'a'.repeat(65_536)}"`, json), 413, 'body_too_large', operationId)
  }
})

t.test('operations on one thing refuse an id that is none, and one that is too long to look at', async (t) => {
  const app = await startApp(t)
  const { authorization } = await registerAdmin(app)
  for (const { method, template, operationId } of calls.filter((call) => call.template.includes('{'))) {
    const ask = (id: string) =>
      app.inject({
        method,
        url: template.replace(/\{\w+\}/, id),
        headers: authorization,
        ...(method === 'PUT' && { payload: { name: 'Ada' } }),
      })
    isProblem(t, await ask('not-a-uuid'), 400, 'validation_failed', operationId)
    isProblem(t, await ask('a'.repeat(101)), 414, 'uri_too_long', operationId)
  }
})

t.test('every operation refuses header fields that are too large', async (t) => {
  const app = await startApp(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  for (const { method, url, operationId, responses } of calls) {
    t.ok(responses['431'], operationId)
    isProblem(t, await askWithLargeHeader(port, method, url), 431, 'headers_too_large', operationId)
  }
})

t.test('readiness is refused while the service stops', async (t) => {
  const app = await startApp(t)
  app.beginStopping()
  const answer = await app.inject({ url: '/health/ready' })
  isProblem(t, answer, 503, 'unavailable', 'getReadiness')
  t.ok(answer.headers['retry-after'])
})

function askWithLargeHeader(port: number, method: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-large': 'a'.repeat(32_768) }
    request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ statusCode: response.statusCode, headers: response.headers, body } as Answer))
    })
      .on('error', reject)
      .end()
  })
}
