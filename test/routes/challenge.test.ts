/** While many passwords are wrong, logins cost work; known devices pay nothing. */
import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import {
  type Environment,
  onEachStore,
  onPostgres,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
  testEnvironment,
} from '../support/app.ts'
import { logIn, newAddress, onDevice, TRIES_COUNT } from '../support/guessing.ts'
import { getChallenge, solve } from '../support/solving.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

const start = (t: Test, environment: Environment = {}) => startApp(t, { ...TRIES_COUNT, ...environment })

/** Wrong passwords for as many names, each from an address of its own. */
async function stuff(app: TestApp, count: number): Promise<void> {
  for (let done = 0; done < count; done += 20)
    await Promise.all(
      Array.from({ length: Math.min(20, count - done) }, () =>
        logIn(app, { identifier: somebody().username, password: 'out of a list' }),
      ),
    )
  app.clock.advance(SECOND)
}

t.test('a hundred wrong passwords in five minutes make a proof of work necessary, until ten minutes after', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await start(t, environment)
    // to the beginning of a window that, on Redis, other tests have not counted in
    app.clock.advance(5 * MINUTE * Math.ceil(Math.random() * 1e5) - (app.clock.now() % (5 * MINUTE)))
    const person = await registerSomebody(app)
    const right = { identifier: person.username, password: person.password }
    await stuff(app, 99)
    t.equal((await logIn(app, right)).statusCode, 200)
    await stuff(app, 1)
    const refused = await logIn(app, right)
    t.equal(refused.statusCode, 403)
    t.equal(refused.json().code, 'challenge_required')
    t.equal((await logIn(app, { ...right, identifier: somebody().username })).json().code, 'challenge_required')

    const headers = solve(await getChallenge(app))
    t.equal((await logIn(app, { ...right, headers })).statusCode, 200)
    t.equal((await logIn(app, { ...right, headers })).statusCode, 403, 'it is good once')
    const device = onDevice(String((person as { device_token?: string }).device_token))
    t.equal((await logIn(app, { ...right, headers: device })).statusCode, 200, 'a known device needs none')

    app.clock.advance(10 * MINUTE)
    t.equal((await logIn(app, right)).statusCode, 200)
  }),
)

t.test('every node asks for it', async (t) => {
  const one = await start(t)
  const two = await startApp(t, one.environment, one.clock)
  const person = await registerSomebody(one)
  const right = { identifier: person.username, password: person.password }
  await Promise.all([stuff(one, 60), stuff(two, 60)])
  one.clock.advance(SECOND)
  await logIn(one, { ...right, password: 'wrong' })
  for (const app of [two, one]) {
    await logIn(app, { ...right, password: 'wrong' })
    one.clock.advance(SECOND)
  }
  for (const app of [one, two]) t.equal((await logIn(app, right)).json().code, 'challenge_required')
})

t.test('what is no solution lets nobody in', async (t) => {
  const app = await start(t)
  const person = await registerSomebody(app)
  await stuff(app, 100)
  const tryWith = async (headers: Record<string, string>) =>
    (await logIn(app, { identifier: person.username, password: person.password, headers })).statusCode
  t.equal(await tryWith({ 'x-proof-of-work': 'nonsense' }), 403)
  t.equal(await tryWith({ 'x-proof-of-work': Buffer.from('null').toString('base64') }), 403)
  const challenge = await getChallenge(app)
  t.equal(await tryWith(solve(challenge, { number: -1 })), 403)
  t.equal(await tryWith(solve(challenge, { signature: 'f'.repeat(64) })), 403)
  t.equal(await tryWith(solve(challenge, { algorithm: 'SHA-1' })), 403)
  t.equal(await tryWith(solve(challenge, { salt: challenge.salt.replace(/expires=\d+/, 'expires=9999999999') })), 403)
  const own = { ...challenge, challenge: createHash('sha256').update(`${challenge.salt}7`).digest('hex') }
  t.equal(await tryWith(solve(own)), 403, 'a challenge of one’s own')
  const headers = solve(challenge)
  app.clock.advance(5 * MINUTE)
  t.equal(await tryWith(headers), 403, 'it is too old')
  t.equal(await tryWith(solve(await getChallenge(app))), 200)
})

t.test('a service where most get in asks for nothing', async (t) => {
  const app = await start(t)
  const person = await registerSomebody(app)
  const right = { identifier: person.username, password: person.password }
  for (let time = 0; time < 130; time += 1) t.equal((await logIn(app, right)).statusCode, 200)
  await stuff(app, 120)
  t.equal((await logIn(app, right)).statusCode, 200)
})

if (!onPostgres()) {
  t.test('dialects say it in their words', async (t) => {
    const app = await start(t)
    await stuff(app, 100)
    const answer = await app.inject({
      method: 'POST',
      url: '/authenticate_user',
      payload: { username: 'nobody', password: 'x' },
      remoteAddress: newAddress(),
    })
    t.equal(answer.statusCode, 403)
    t.strictSame(answer.json(), { error: 'Much is being asked for; solve a challenge first.' })
  })

  t.test('switched off, it is never asked for', async (t) => {
    for (const environment of [{ LOGIN_CHALLENGE: 'off' }, { RATE_LIMIT: 'off' }]) {
      const app = await startApp(t, testEnvironment(t, { ...TRIES_COUNT, ...environment }))
      const person = await registerSomebody(app)
      await stuff(app, 120)
      t.equal((await logIn(app, { identifier: person.username, password: person.password })).statusCode, 200)
    }
  })
}
