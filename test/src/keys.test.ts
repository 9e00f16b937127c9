import { KeyObject } from 'node:crypto'
import t from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import { JWKS_MAX_AGE } from '../../src/tokens/key-ring.ts'
import { deriveKeys } from '../../src/tokens/master-key.ts'
import { seal, unseal } from '../../src/tokens/seal.ts'
import { mint, takeApart } from '../attacks/mint.ts'
import {
  bearer,
  getMe,
  JWT_KEY,
  login,
  registerSomebody,
  startApp,
  type TestApp,
  testClock,
  testEnvironment,
} from '../support/app.ts'
import { METRICS_TOKEN } from '../support/scrape.ts'

const DAY = 86_400_000
const ROTATION = 90 * DAY
const LEAD = 2 * JWKS_MAX_AGE * 1000

const kidOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
const jwks = async (app: TestApp) =>
  (await app.inject({ url: '/.well-known/jwks.json' })).json().keys as Array<{ kid: string }>
const kids = async (app: TestApp) => (await jwks(app)).map(({ kid }) => kid)

t.test('the key that signs is published, without its private part', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const response = await app.inject({ url: '/.well-known/jwks.json' })
  t.equal(response.headers['cache-control'], `public, max-age=${JWKS_MAX_AGE}`)
  const [key] = response.json().keys
  t.equal(key.kid, kidOf(person.access_token))
  t.strictSame(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  t.match(key, { alg: 'ES256', crv: 'P-256', kty: 'EC', use: 'sig' })
})

t.test('tokens of keys that were made up cost the database no more than others but once a second', async (t) => {
  const app = await startApp(t, { METRICS: `token:${METRICS_TOKEN}` })
  const { access_token } = await registerSomebody(app)
  const [head = '', ...rest] = access_token.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString())
  const asked = () => app.counts.database.statement.counts.reduce((sum, count) => sum + count, 0)
  /** The least, since what is done in the background asks now and then. */
  const costOf = async (kid: string) => {
    const token = [Buffer.from(JSON.stringify({ ...header, kid, x: 1 })).toString('base64url'), ...rest].join('.')
    const costs: number[] = []
    for (let time = 0; time < 10; time += 1) {
      const before = asked()
      t.equal((await getMe(app, token)).statusCode, 401)
      costs.push(asked() - before)
    }
    return Math.min(...costs)
  }
  t.equal(await costOf('made-up'), await costOf(header.kid))
})

t.test('each purpose has a key of its own, and each master key others', (t) => {
  const bytesOf = (key: unknown) => (key instanceof KeyObject ? key.export() : Buffer.from(key as Buffer))
  const all = [JWT_KEY, `${JWT_KEY}.`].flatMap((master) => Object.values(deriveKeys(master)).map(([key]) => key))
  const texts = all.map((key) => (typeof key === 'string' ? key : bytesOf(key).toString('hex')))
  t.equal(texts.length, 14)
  t.equal(new Set(texts).size, texts.length)
  t.end()
})

t.test(
  'rotation is automatic: the next key is published before it signs, and the last one believed after',
  async (t) => {
    const app = await startApp(t, { SESSION_IDLE_TTL: '400d', REFRESH_TOKEN_TTL: '400d', COMPAT: 'none' })
    const person = await registerSomebody(app)
    const first = kidOf(person.access_token)
    const signing = async () => kidOf((await login(app, person.username, person.password)).access_token)

    app.clock.advance(ROTATION - LEAD - 1)
    await app.keys.maintain()
    t.strictSame(await kids(app), [first])
    app.clock.advance(1)
    await app.keys.maintain()
    const published = await kids(app)
    t.equal(published.length, 2, 'both are published')
    t.equal(await signing(), first, 'the first one still signs')
    app.clock.advance(LEAD - 1)
    const last = await login(app, person.username, person.password)
    const retired = app.keys.current()
    t.equal(kidOf(last.access_token), first)
    app.clock.advance(1)
    await app.keys.maintain()
    t.equal(await signing(), published[1], 'the second one has taken over')
    t.equal((await getMe(app, last.access_token)).statusCode, 200, 'tokens of the first are believed')
    app.clock.advance(15 * 60_000 - 1000)
    t.equal((await kids(app)).length, 2)
    app.clock.advance(10_000)
    t.strictSame(await kids(app), [published[1]], 'until the last of them has expired')
    const codeOf = async (token: string) => (await getMe(app, token)).json().code
    t.equal(await codeOf(last.access_token), 'token_expired')
    app.clock.advance(300 * DAY)
    await app.keys.maintain()
    t.equal(await codeOf(last.access_token), 'token_expired', 'also who was away for long refreshes')
    const { header, claims } = takeApart(last.access_token)
    const future = Math.floor(app.clock.now() / 1000) + 60
    const forgery = mint(header, { ...claims, exp: future }, retired.secret)
    t.equal(await codeOf(forgery), 'token_invalid', 'whoever has the old key makes no new token with it')
    app.clock.advance(101 * DAY)
    await app.keys.maintain()
    t.equal(await codeOf(last.access_token), 'token_invalid', 'it is forgotten with the last session')
  },
)

t.test('two nodes that rotate at the same moment end up with one new key', async (t) => {
  const here = await startApp(t)
  const there = await startApp(t, here.environment, here.clock)
  here.clock.advance(ROTATION)
  await Promise.all([here.keys.maintain(), there.keys.maintain()])
  await Promise.all([here.keys.maintain(), there.keys.maintain()])
  t.equal((await kids(here)).length, 2)
  t.strictSame(await kids(there), await kids(here))
})

t.test('a token of a key that another node has just made is believed at once', async (t) => {
  const here = await startApp(t)
  const there = await startApp(t, here.environment, here.clock)
  const person = await registerSomebody(here)
  here.clock.advance(2000)
  await here.keys.rotate(OPERATOR, here.clock.now())
  const { access_token } = await login(here, person.username, person.password)
  t.not(kidOf(access_token), kidOf(person.access_token))
  t.equal((await getMe(there, access_token)).statusCode, 200)
})

t.test('withdrawing every other key ends the tokens they signed, not the sessions', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  t.equal((await getMe(app, person.access_token)).statusCode, 200)
  await app.keys.rotate(OPERATOR, app.clock.now())
  t.equal(await app.keys.revokeOthers(OPERATOR), 1)
  t.equal((await getMe(app, person.access_token)).json().code, 'token_invalid', 'also from the cache')
  const refreshed = await app.inject({
    method: 'POST',
    url: '/api/v1/auth/refresh',
    payload: { refresh_token: person.refresh_token },
  })
  t.equal((await getMe(app, refreshed.json().access_token)).statusCode, 200)
})

t.test('a process that was down when its key was due makes the next one when it starts', async (t) => {
  const before = await startApp(t)
  const person = await registerSomebody(before)
  const clock = testClock(before.clock.now() + 200 * DAY)
  const app = await startApp(t, before.environment, clock)
  t.equal((await kids(app)).length, 2)
  t.equal(kidOf((await login(app, person.username, person.password)).access_token), kidOf(person.access_token))
  clock.advance(LEAD)
  t.not(kidOf((await login(app, person.username, person.password)).access_token), kidOf(person.access_token))
})

for (const alg of ['EdDSA', 'RS256', 'HS256']) {
  t.test(`${alg} takes over from ES256, whose tokens are still believed`, async (t) => {
    const before = await startApp(t)
    const person = await registerSomebody(before)
    const app = await startApp(t, { ...before.environment, JWT_ALG: alg }, before.clock)
    const { access_token } = await login(app, person.username, person.password)
    t.equal(JSON.parse(Buffer.from(access_token.split('.')[0] ?? '', 'base64url').toString()).alg, alg)
    t.equal((await getMe(app, access_token)).statusCode, 200)
    t.equal((await getMe(app, person.access_token)).statusCode, 200)
    t.equal((await kids(app)).includes(kidOf(access_token)), alg !== 'HS256', 'a shared secret is not published')
    for (const key of await jwks(app)) for (const secret of ['d', 'p', 'q', 'k']) t.notOk(secret in key)
    t.equal((await getMe(before, access_token)).statusCode, 200, 'the node with the old setting believes it too')
  })
}

t.test('signing keys are of no use without the master key', async (t) => {
  const app = await startApp(t)
  await registerSomebody(app)
  const rows = await app.db.selectFrom('signing_keys').selectAll().execute()
  t.equal(rows.length, 1)
  t.notMatch(Buffer.from(rows[0]?.sealed ?? '', 'base64url').toString('latin1'), /PRIVATE KEY/)
  await app.close()
  await t.rejects(
    startApp(t, { ...app.environment, JWT_KEY: 'another master key, also of more than 32 bytes' }),
    /sealed under another JWT_KEY/,
  )
})

t.test('a sealed secret opens only under its key, in its place, unaltered', async (t) => {
  const key = Buffer.alloc(32, 1)
  const sealed = seal(key, 'the secret', 'here')
  t.equal(unseal(key, sealed, 'here'), 'the secret')
  t.not(seal(key, 'the secret', 'here'), sealed, 'a fresh nonce each time')
  t.throws(() => unseal(key, sealed, 'there'), /unable to authenticate/)
  t.throws(() => unseal(Buffer.alloc(32, 2), sealed, 'here'), /unable to authenticate/)
  const bytes = Buffer.from(sealed, 'base64url')
  for (let index = 0; index < bytes.length; index += 1) {
    const altered = Buffer.from(bytes)
    altered[index] = (altered[index] ?? 0) ^ 1
    t.throws(() => unseal(key, altered.toString('base64url'), 'here'), /unable to authenticate/, `byte ${index}`)
  }
})

t.test('tokens outlive a restart, since keys and sessions are in the database', async (t) => {
  const environment = testEnvironment(t, { JWT_KEY })
  const before = await startApp(t, environment)
  const person = await registerSomebody(before)
  await before.close()
  const after = await startApp(t, environment, before.clock)
  t.equal((await after.inject({ url: '/api/v1/users/me', headers: bearer(person.access_token) })).statusCode, 200)
})
