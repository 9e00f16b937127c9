/** Whether there is an account is told by no answer that a stranger can get; test/timing says as much of the time. */
import t from 'tap'
import { operationsOf } from '../../plugins/openapi-document.ts'
import { readContract } from '../../scripts/contract/read.ts'
import { createMailRequests } from '../../src/by-mail/requests.ts'
import { post, registerSomebody, somebody, startApp, type TestApp } from '../support/app.ts'
import { countMails } from '../support/by-mail.ts'

const ON = { SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' }

/** All of an answer but what differs between any two: the id of the request, the date, and what its request token is. */
async function everythingOf(app: TestApp, url: string, payload: object, more: Record<string, string> = {}) {
  const { statusCode, headers, body } = await post(app, url, payload, more)
  const { 'x-request-id': id, date: _date, 'set-cookie': cookie, ...others } = headers
  const kept = cookie && String(cookie).replace(REQUEST_TOKEN, '')
  return { statusCode, headers: { ...others, kept }, body: body.replace(String(id), '').replace(REQUEST_TOKEN, '') }
}

const REQUEST_TOKEN = /lkq_[\w-]{43}(?=[";])/

for (const url of [
  '/auth/password/forgot',
  '/auth/email/verification/request',
  '/auth/sign-in/link',
  '/auth/sign-in/code',
]) {
  t.test(`${url} answers alike, byte by byte, whether or not there is such an account`, async (t) => {
    const app = await startApp(t, ON)
    const person = await registerSomebody(app)
    const known = await everythingOf(app, url, { email: person.email })
    const unknown = await everythingOf(app, url, { email: somebody().email })
    t.equal(known.statusCode, 202)
    t.strictSame(known, unknown)
  })
}

t.test('every call that may have sent something answers 202 with a request token, alike in the contract', async (t) => {
  const noting = operationsOf(readContract()).filter(([, { responses }]) => '202' in responses)
  t.ok(noting.length >= 6)
  for (const [, { operationId, responses }] of noting) {
    // under other modes the same call answers with tokens
    const schema = operationId === 'register' ? 'RegistrationResult' : 'Noted'
    t.match(JSON.stringify(responses['202']), `"#/components/schemas/${schema}"`, operationId)
  }
})

t.test(
  'a request token is new each time, of one length, and there after the last message of the hour too',
  async (t) => {
    const app = await startApp(t, { ...ON, RATE_LIMIT: 'on' })
    const person = await registerSomebody(app)
    const ask = (email: string) => post(app, '/auth/sign-in/code', { email })
    const tokens: string[] = []
    for (let count = 0; count < 8; count += 1)
      for (const email of [person.email, 'nobody@example.org']) tokens.push((await ask(email)).json().request_token)
    for (const token of tokens) t.match(token, /^lkq_[\w-]{43}$/)
    t.equal(new Set(tokens).size, 16)
  },
)

t.test('the same call that resends to who is signed in has one as well', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const answer = await everythingOf(app, '/auth/email/verification', {}, person.authorization)
  t.equal(answer.statusCode, 202)
  t.equal(JSON.parse(answer.body).request_token, '')
})

t.test('a request for mail looks nobody up: it adds one row, and the same for everybody', async (t) => {
  const app = await startApp(t, ON)
  const person = await registerSomebody(app)
  const asked: string[] = []
  const transformQuery = ({ node }: { node: { kind: string } }) => {
    asked.push(node.kind)
    return node as never
  }
  const db = app.db.withPlugin({ transformQuery, transformResult: async ({ result }) => result })
  const { config, ephemeral, keys, log, now, purse } = app
  const { note } = createMailRequests({ config, db, ephemeral, keys, log, now, purse }, async () => {})
  for (const email of [person.email, somebody().email]) {
    await note({ kind: 'password-reset', email }, { ip: undefined, user_agent: undefined })
    t.strictSame(asked.splice(0), ['InsertQueryNode'])
  }
})

t.test('trying a code is the same for an address that nobody has', async (t) => {
  const app = await startApp(t, ON)
  const person = await registerSomebody(app)
  const stranger = somebody().email
  for (const email of [person.email, stranger]) await post(app, '/auth/sign-in/code', { email })
  await countMails(app)
  const rows = await app.db.selectFrom('sign_in_codes').selectAll().execute()
  t.equal(rows.length, 2)
  t.notOk(JSON.stringify(rows).includes('example.org'), 'whose they are cannot be read')
  const attempt = (email: string) => everythingOf(app, '/auth/sign-in/code/verify', { email, code: '000000' })
  for (let count = 0; count < 7; count += 1) t.strictSame(await attempt(person.email), await attempt(stranger))
})

t.test('registration that verifies first answers alike for a known name, a known address, and neither', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'open' })
  const person = await registerSomebody(app)
  await app.close()
  const strict = await startApp(t, { ...app.environment, REGISTRATION: 'verify-first' })
  const answers = []
  for (const registration of [
    somebody(),
    somebody({ email: person.email }),
    somebody({ username: person.username }),
    somebody({ username: person.username, email: person.email }),
  ])
    answers.push(await everythingOf(strict, '/auth/register', registration))
  for (const answer of answers) t.strictSame(answer, answers[0])
  t.equal(answers[0]?.statusCode, 202)
})
