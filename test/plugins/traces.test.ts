/** Traces, as a collector gets them. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { type Environment, somebody, startApp, type Tokens } from '../support/app.ts'
import { eventually } from '../support/wait.ts'

// read by the packages themselves: how long spans wait for others, in ms
process.env['OTEL_BSP_SCHEDULE_DELAY'] = '50'

interface Span {
  name: string
  kind: number
  traceId: string
  spanId: string
  parentSpanId?: string
  attributes: { key: string; value: object }[]
  status: { code: number; message?: string }
  events?: unknown[]
}

/** A collector that takes whatever it is sent, or refuses it. */
async function startCollector(t: Test) {
  const bodies: string[] = []
  const collector = { status: 200, spans, text: () => bodies.join('\n'), url: '' }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (collector.status === 200 && request.url === '/v1/traces') bodies.push(Buffer.concat(chunks).toString())
    response.writeHead(collector.status, { 'content-type': 'application/json' }).end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  collector.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return collector

  function spans(): Span[] {
    return bodies.flatMap((body) =>
      (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans.flatMap(
        ({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans),
      ),
    )
  }
}

async function startTraced(t: Test, environment: Environment = {}) {
  const collector = await startCollector(t)
  const app = await startApp(t, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment })
  return { app, collector }
}

const attributesOf = ({ attributes }: Span) => Object.fromEntries(attributes.map(({ key, value }) => [key, value]))

t.test('without a collector nothing of OpenTelemetry is loaded', async (t) => {
  const app = await startApp(t)
  await app.inject({ url: '/health/live' })
  const off = await startApp(t, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' })
  await off.inject({ url: '/health/live' })
  const loaded = Object.keys(createRequire(import.meta.url).cache)
  t.strictSame(
    loaded.filter((path) => path.includes('opentelemetry')),
    [],
  )
  t.ok(loaded.length > 100, 'packages show up here')
})

t.test('a request is a span with its route and its status, part of the trace of who asks', async (t) => {
  const { app, collector } = await startTraced(t)
  const person = somebody()
  await app.inject({ method: 'POST', url: '/api/v1/auth/register', payload: person })
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const { statusCode } = await app.inject({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { identifier: person.username, password: person.password },
    headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` },
  })
  t.equal(statusCode, 200)
  const login = () => collector.spans().find(({ name }) => name === 'POST /api/v1/auth/login')
  await eventually(() => login() !== undefined)
  const span = login() as Span
  t.equal(span.traceId, trace)
  t.equal(span.parentSpanId, 'b7ad6b7169203331')
  t.strictSame(attributesOf(span), {
    'http.request.method': { stringValue: 'POST' },
    'http.route': { stringValue: '/api/v1/auth/login' },
    'http.response.status_code': { intValue: 200 },
  })
  t.equal(collector.spans().filter(({ traceId }) => traceId === trace).length, 1)
  t.match(collector.text(), '"latchkey"', 'the service has its name')
})

t.test('no trace says who, from where, or with what', async (t) => {
  const { app, collector } = await startTraced(t, { TRUST_PROXY: '1' })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const address = '203.0.113.77'
  const agent = 'SomebodysBrowser/1.0'
  const send = async (path: string, body?: object | string, authorization = 'Bearer nonsense-token') => {
    const response = await fetch(base + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        'x-forwarded-for': address,
        'user-agent': agent,
        'x-request-id': 'somebodys-request-id',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'vendor=somebodys-state',
        authorization,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Tokens & { id: string } }
  }
  const person = somebody({ name: 'Ada Lovelace' })
  const { username, email, password } = person
  const { body: tokens } = await send('/api/v1/auth/register', person)
  const bearer = `Bearer ${tokens.access_token}`
  const { body: me } = await send('/api/v1/users/me', undefined, bearer)
  const asked: [number, Promise<{ status: number }>][] = [
    [200, send('/api/v1/auth/login', { identifier: email, password })],
    [401, send('/api/v1/auth/login', { identifier: username, password: 'a wrong password' })],
    [400, send('/api/v1/auth/login', `{"identifier":"${email}","password":"${password}"`)],
    [400, send('/api/v1/auth/login', { identifier: email, password, [email]: password })],
    [409, send('/api/v1/auth/register', person)],
    [200, send('/api/v1/auth/refresh', { refresh_token: tokens.refresh_token })],
    [200, send(`/api/v1/users/${me.id}?mail=${email}`, undefined, bearer)],
    [401, send(`/api/v1/users/me?token=${tokens.access_token}`)],
    [404, send(`/nowhere/${username}?mail=${email}`)],
    [400, send(`/api/v1/users/%zz?mail=${email}`)],
  ]
  for (const [expected, answer] of asked) t.equal((await answer).status, expected)
  await app.db.destroy()
  t.ok((await send('/api/v1/auth/login', { identifier: email, password })).status >= 500, 'failures too')
  await app.close()

  const names = collector.spans().map(({ name }) => name)
  for (const name of ['POST /api/v1/auth/login', 'GET /api/v1/users/:user_id', 'GET /api/v1/users/me', 'GET'])
    t.ok(names.includes(name), name)
  const statuses = collector
    .spans()
    .map((span) => Object.values(attributesOf(span)['http.response.status_code'] ?? {})[0])
  for (const span of collector.spans()) {
    const [status] = Object.values(attributesOf(span)['http.response.status_code'] ?? {})
    t.equal(span.status.code, status >= 500 ? 2 : 0, `${status} is ${status >= 500 ? 'an' : 'no'} error of ours`)
  }
  for (const status of [200, 201, 400, 401, 404, 409]) t.ok(statuses.includes(status), String(status))
  const told = collector.text()
  const secrets = [username, email, password, 'Ada Lovelace', 'a wrong password', me.id, address, '127.0.0.1', agent]
  for (const secret of [
    ...secrets,
    tokens.access_token,
    tokens.refresh_token,
    'nonsense-token',
    'somebodys-request-id',
    'somebodys-state',
  ])
    t.notOk(told.includes(secret), secret)
  t.notMatch(told, /Bearer|mail=|exception|message/)
})

t.test('a collector that refuses is told of once, and holds nobody up', async (t) => {
  const { app, collector } = await startTraced(t)
  collector.status = 400
  const warnings = () => app.logged().match(/the collector does not take traces/g)?.length ?? 0
  await app.inject({ url: '/health/live' })
  await eventually(() => warnings() === 1)
  t.equal((await app.inject({ url: '/health/live' })).statusCode, 200)
  collector.status = 200
  await eventually(async () => {
    await app.inject({ url: '/health/live' })
    return app.logged().includes('the collector takes traces again')
  })
  t.equal(warnings(), 1)
})

t.test('a collector that never answers does not hold up the stop', async (t) => {
  const silent = createServer(() => {})
  await once(silent.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    silent.close()
    silent.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const app = await startApp(t, { OTEL_EXPORTER_OTLP_ENDPOINT: url })
  await app.inject({ url: '/health/live' })
  const begun = performance.now()
  await app.close()
  t.ok(performance.now() - begun < 8000)
})
