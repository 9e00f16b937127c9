/** 5 000 malformed requests over everything the contract has. `FUZZ_SEED` picks others than the usual ones. */
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { sql } from 'kysely'
import t from 'tap'
import {
  bearer,
  getMe,
  login,
  onPostgres,
  type Person,
  registerAdmin,
  registerSomebody,
  startApp,
} from '../support/app.ts'
import { violation } from '../support/contract.ts'
import { sendRaw } from './raw.ts'
import { malformedRequest, type Request, type Sender, targets } from './requests.ts'

const INJECTED = 4400
const OVER_A_SOCKET = 600
const SOCKETS = 30
const seed = Number(process.env['FUZZ_SEED'] ?? 20_260_131)

type App = Awaited<ReturnType<typeof startApp>>

/** People whose tokens work: whoever was signed out or deleted by a request that was not that malformed is replaced. */
async function peopleOf(app: App) {
  const make = { user: registerSomebody, admin: registerAdmin }
  const people = { user: await make.user(app), admin: await make.admin(app) }
  return async (sender: Sender): Promise<Partial<Person['authorization']>> => {
    if (sender === 'nobody') return {}
    if ((await getMe(app, people[sender].access_token)).statusCode !== 200) people[sender] = await make[sender](app)
    return bearer(people[sender].access_token)
  }
}

/** What the rest of the test rests on: the people, the roles and the files are as they were. */
async function requireUnharmed(t: import('tap').Test, app: App, before: Person) {
  t.ok(await login(app, before.email, before.password), 'who was registered before can still sign in')
  // PostgreSQL has no such question
  if (onPostgres()) return
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(app.db)
  t.strictSame(rows, [{ integrity_check: 'ok' }])
  t.strictSame((await sql`pragma foreign_key_check`.execute(app.db)).rows, [])
  t.notOk('polluted' in {} || 'role' in {}, 'no prototype was touched')
}

t.test(`${INJECTED} malformed requests (seed ${seed}) get an answer of the contract, and never a 5xx`, async (t) => {
  const app = await startApp(t)
  const before = await registerSomebody(app)
  const authorizationOf = await peopleOf(app)
  const statuses = new Map<number, number>()
  const reached = new Set<string>()

  const isAnswered = async ({ operation, sender, method, url, headers, payload }: Request) => {
    const response = await app.inject({
      method: method as 'GET',
      url,
      headers: { ...(await authorizationOf(sender)), ...headers },
      ...(payload && { payload }),
    })
    const { statusCode: status, body } = response
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (status >= 500) throw new Error(`${status}: ${body}`)
    const path = url.split('?', 1)[0] ?? ''
    const broken = violation({ method, path, status, headers: response.headers, body })
    if (broken) throw new Error(broken)
    if (response.headers['x-injected']) throw new Error('a header was injected')
    reached.add(`${operation} ${status < 400 ? 'done' : 'refused'}`)
  }

  await fc.assert(fc.asyncProperty(malformedRequest, isAnswered), { numRuns: INJECTED, seed, endOnFailure: true })
  t.comment(Object.fromEntries([...statuses].sort()))
  for (const status of [400, 401, 403, 404, 405, 413, 414, 415]) t.ok(statuses.has(status), `${status} was provoked`)
  for (const { method, template } of targets.filter(
    ({ query, body, template }) => body || query.length || /\{/.test(template),
  ))
    t.ok(reached.has(`${method} ${template} refused`), `${method} ${template} has refused something`)
  await requireUnharmed(t, app, before)
})

const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 30 })

/** A head that is valid but for one thing. */
const brokenHead = fc
  .oneof(
    fc.constantFrom(
      'GET / HTTP/9.9\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      'GET  /  HTTP/1.1\r\nhost: x\r\n\r\n',
      'get /health HTTP/1.1\r\nhost: x\r\n\r\n',
      'BREW /health HTTP/1.1\r\nhost: x\r\n\r\n',
      'PROPFIND /api/v1/users HTTP/1.1\r\nhost: x\r\n\r\n',
      'CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n',
      'TRACE /api/v1/users/me HTTP/1.1\r\nhost: x\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n',
      'GET http://other.example/api/v1/users/me HTTP/1.1\r\nhost: x\r\n\r\n',
      'GET /api/v1/../../etc/passwd HTTP/1.1\r\nhost: x\r\n\r\n',
      'GET /docs/static/..%2f..%2fpackage.json HTTP/1.1\r\nhost: x\r\n\r\n',
      'GET /api/v1/users/me#fragment HTTP/1.1\r\nhost: x\r\n\r\n',
      'GET /health HTTP/1.1\r\nhost: x\r\nexpect: 200-ok\r\n\r\n',
      'GET /health HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
      'GET /health HTTP/1.1\r\nhost: x\r\nbroken header\r\n\r\n',
      'GET /health HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n',
      'GET /health HTTP/1.1\nhost: x\n\n',
      `GET /health HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
      `GET /health HTTP/1.1\r\nhost: x\r\n${'x: y\r\n'.repeat(2500)}\r\n`,
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ),
    fc.tuple(fc.constantFrom('GET', 'POST', 'DELETE'), ascii).map(([method, junk]) => `${method} /${junk}\r\n\r\n`),
    fc.tuple(ascii, ascii).map(([name, junk]) => `GET /health HTTP/1.1\r\nhost: x\r\n${name}: ${junk}\r\n\r\n`),
  )
  .map((head) => Buffer.from(head, 'latin1'))

/** A body that is not as long, or not as divided, as its head says. */
const brokenBody = fc
  .tuple(
    fc.constantFrom('/api/v1/auth/login', '/api/v1/auth/register', '/api/v1/auth/logout-all', '/nowhere'),
    fc.constantFrom(
      'content-length: 5',
      'content-length: 500',
      'content-length: -1',
      'content-length: 5\r\ncontent-length: 6',
      'content-length: 5\r\ntransfer-encoding: chunked',
      'content-length: 70000',
      'content-length: 99999999999999999999',
      'transfer-encoding: chunked',
      'transfer-encoding: gzip',
      'transfer-encoding: chunked, identity',
    ),
    fc.oneof(
      fc.constantFrom('{"a":1}', 'zz\r\n{}\r\n', '2\r\n{}\r\n0\r\n\r\n', 'fffffffff\r\n', '1000000\r\n', '-1\r\n'),
      ascii,
    ),
  )
  .map(([path, framing, body]) =>
    Buffer.from(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${framing}\r\n\r\n${body}`),
  )

t.test(`${OVER_A_SOCKET} requests that are hardly HTTP are answered 4xx or cut off`, async (t) => {
  const app = await startApp(t)
  const before = await registerSomebody(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const noise = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => Buffer.from(bytes))
  const anything = fc.oneof({ weight: 3, arbitrary: brokenHead }, { weight: 3, arbitrary: brokenBody }, noise)
  const batches = fc.array(anything, { minLength: SOCKETS, maxLength: SOCKETS })
  let refused = 0

  const isRefused = async (batch: Buffer[]) => {
    const answers = await Promise.all(batch.map((bytes) => sendRaw(port, bytes)))
    for (const [index, { statuses, text }] of answers.entries()) {
      const sent = batch[index]?.toString('latin1').slice(0, 200)
      if (statuses.some((status) => status >= 500)) throw new Error(`${JSON.stringify(sent)} got ${text}`)
      // Node itself refuses a request without Host, and does it without a body
      const isBare = /\r\n\r\n(0\r\n\r\n)?$/.test(text)
      if (Number(statuses[0]) >= 400 && !isBare && !text.includes('application/problem+json'))
        throw new Error(`${JSON.stringify(sent)} got ${text}`)
      if (statuses.some((status) => status >= 400)) refused += 1
    }
    const alive = await fetch(`http://127.0.0.1:${port}/health/ready`)
    if (!alive.ok) throw new Error('the service does not answer any more')
  }

  await fc.assert(fc.asyncProperty(batches, isRefused), {
    numRuns: OVER_A_SOCKET / SOCKETS,
    seed,
    endOnFailure: true,
  })
  t.ok(refused > OVER_A_SOCKET / 3, `${refused} were refused with a status`)
  await requireUnharmed(t, app, before)
})

t.test('what follows a request on its connection is not answered in its place', async (t) => {
  const app = await startApp(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const body = JSON.stringify({ identifier: 'nobody', password: 'a password' })
  const head = 'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
  const login = `${head}content-length: ${body.length}\r\n\r\n${body}`
  const last = login.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')
  // each ends with what the service closes the connection for
  const [followed, { statuses }, broken] = await Promise.all([
    sendRaw(port, Buffer.from(`${login}GARBAGE\r\n\r\n`), 60_000),
    sendRaw(port, Buffer.from(`${login}${last}`), 60_000),
    sendRaw(port, Buffer.from(`${head}transfer-encoding: chunked\r\n\r\nzz\r\n`), 60_000),
  ])
  t.notMatch(followed.text, 'bad_request')
  t.strictSame(statuses, [401, 401], 'two whole requests have two answers')
  t.strictSame(broken.statuses, [400], 'half a request has one')
})

t.test('an answer to a URL that cannot be read names the request as every answer does', async (t) => {
  const app = await startApp(t)
  for (const url of ['/api/v1/users/%zz', `/api/v1/users/${'x'.repeat(200)}`, '/nowhere']) {
    const response = await app.inject({ url })
    t.equal(response.headers['x-request-id'], response.json().request_id, url)
  }
})
