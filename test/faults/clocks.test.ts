/** What becomes of sessions when clocks are wrong. */
import t from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import { STATE_MAX_AGE } from '../../src/sessions/states.ts'
import {
  type Clock,
  getMe,
  login,
  onPostgres,
  post,
  refresh,
  registerSomebody,
  startApp,
  type TestApp,
  type Tokens,
  testClock,
} from '../support/app.ts'
import { eventually, whileAsked } from '../support/wait.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const isServed = async (app: TestApp, { access_token }: Tokens) => (await getMe(app, access_token)).statusCode === 200

/** A refresh that must succeed. */
async function exchanged(app: TestApp, { refresh_token }: Tokens): Promise<Tokens> {
  const answer = await refresh(app, refresh_token)
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json<Tokens>()
}

t.test('a clock that jumps back an hour ends no session and prolongs no memory', async (t) => {
  const here = await startApp(t)
  const there = await startApp(t, here.environment, here.clock)
  const [person, other, third] = [
    await registerSomebody(here),
    await registerSomebody(here),
    await registerSomebody(here),
  ]
  t.ok(await isServed(here, person))
  for (let event = 1; event <= 5; event += 1) await here.ephemeral.count('window', MINUTE)

  here.clock.jump(-HOUR)
  t.ok(await isServed(here, person), 'whom it knows')
  t.ok(await isServed(there, person), 'whom it does not')
  const next = await exchanged(here, person)
  t.equal((await exchanged(there, person)).refresh_token, next.refresh_token, 'a lost answer is repeated')
  t.ok(await isServed(there, next))
  t.ok(await isServed(there, await login(here, other.username, other.password)))
  t.equal((await here.keys.rotate(OPERATOR, here.now())).kid, here.keys.current().kid)
  t.ok(await isServed(there, await exchanged(here, other)), 'by a new key')

  t.equal((await post(here, '/auth/logout', { refresh_token: next.refresh_token })).statusCode, 200)
  for (const app of [here, there]) t.equal((await getMe(app, next.access_token)).statusCode, 401)

  t.ok(await isServed(here, third))
  // behind the service's back: nothing tells it
  await here.db.updateTable('sessions').set({ revoked_at: here.now(), revoked_reason: 'logout' }).execute()
  await whileAsked(here, STATE_MAX_AGE - 1, async () => t.ok(await isServed(here, third)))
  here.clock.jump(-HOUR)
  here.clock.advance(1)
  t.notOk(await isServed(here, third), 'what is remembered grows old all the same')
  here.clock.advance(MINUTE)
  t.equal((await here.ephemeral.count('window', MINUTE)).count, 1, 'a window does not stay for the hour')
})

t.test(
  'a clock that was ahead when a session began, and is right again, leaves the session what was said',
  async (t) => {
    const clock = testClock()
    clock.jump(5 * MINUTE)
    const app = await startApp(t, { SESSION_IDLE_TTL: '1h', ACCESS_TOKEN_TTL: '10m' }, clock)
    const person = await registerSomebody(app)
    clock.jump(-5 * MINUTE)
    clock.advance(HOUR + 5 * MINUTE - 1)
    const copy = await login(app, person.username, person.password)
    t.equal((await refresh(app, person.refresh_token)).statusCode, 200, 'its limit is by the clock of its beginning')
    clock.advance(HOUR)
    t.equal((await refresh(app, copy.refresh_token)).json().code, 'refresh_token_expired')
  },
)

/** How far a node may be from the clock of its database, in ms: far less than clocks are wrong here, and time for a busy machine. */
const NEAR = MINUTE / 2

/** The clock of a machine on which it is wrong. */
function wrongBy(ms: number): Clock {
  let by = ms
  return {
    isMachines: true,
    now: () => Date.now() + by,
    elapsed: () => performance.now(),
    advance() {},
    jump: (more) => {
      by += more
    },
  }
}

if (onPostgres())
  t.test('nodes whose clocks are ten minutes apart go by that of the database', async (t) => {
    const behind = await startApp(t, {}, wrongBy(-5 * MINUTE))
    const ahead = await startApp(t, behind.environment, wrongBy(5 * MINUTE))
    for (const app of [behind, ahead]) {
      t.ok(Math.abs(app.now() - Date.now()) < NEAR)
      t.match(app.logged(), 'is not that of the database')
    }
    for (const [one, another] of [
      [behind, ahead],
      [ahead, behind],
    ] as const) {
      const person = await registerSomebody(one)
      t.ok(await isServed(another, person), 'a token is good at once')
      const next = await exchanged(one, person)
      t.equal((await exchanged(another, person)).refresh_token, next.refresh_token, 'a lost answer is repeated')
      const { expires_at } = await one.db
        .selectFrom('sessions')
        .select('expires_at')
        .orderBy('created_at', 'desc')
        .executeTakeFirstOrThrow()
      t.ok(Math.abs(expires_at - Date.now() - 30 * 24 * HOUR) < MINUTE)
      await one.db
        .updateTable('sessions')
        .set({ expires_at: Date.now() + 8000 })
        .execute()
      const last = await exchanged(ahead, next)
      for (const app of [behind, ahead])
        await eventually(async () => (await refresh(app, last.refresh_token)).json().code === 'refresh_token_expired')
    }
    ahead.clock.jump(-20 * MINUTE)
    const person = await registerSomebody(behind)
    t.ok(await isServed(ahead, person))
    await eventually(() => Math.abs(ahead.now() - Date.now()) < NEAR)
    t.ok(await isServed(behind, await exchanged(ahead, person)))
  })
