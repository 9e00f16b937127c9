/** One address that has far more hashed than there is room for, and a dozen people who come meanwhile. */
import t from 'tap'
import {
  login,
  type Person,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
  testClock,
} from '../support/app.ts'
import { takeApart } from './mint.ts'

const ATTACKER = '198.51.100.66'
const OTHERS = 12

/** The line is short, and one hash takes its time: all come while the first is made. */
const NARROW = { HASH_CONCURRENCY: '1', HASH_QUEUE: '20', ARGON2_MEMORY: '16384', COMPAT: 'flask-auth,flask-jwt-demo' }

const uidOf = ({ access_token }: Person) => takeApart(access_token).claims.sub

const addressOf = (index: number) => `192.0.2.${index + 1}`

interface Call {
  method: 'POST' | 'PUT'
  url: string
  payload: object
  headers?: Record<string, string>
}

const send = (app: TestApp, call: Call, remoteAddress: string) => app.inject({ ...call, remoteAddress })

const registration = (): Call => ({ method: 'POST', url: '/auth/register', payload: somebody() })

/** Sends the attacker's calls and then the others', and says how many of the others were turned away. */
async function meet(app: TestApp, attack: () => Call, calls: readonly Call[]) {
  let answered = 0
  const count = () => {
    answered += 1
  }
  const flood = Array.from({ length: 60 }, () => send(app, attack(), ATTACKER))
  for (const answer of flood) void answer.then(count)
  // one is made after the other: when the first answers are out, there was no room
  while (answered === 0 || app.hasher.load().waiting < 10) await new Promise((resolve) => setImmediate(resolve))
  const answers = await Promise.all(calls.map((call, index) => send(app, call, addressOf(index))))
  const turnedAway = (await Promise.all(flood)).filter(({ statusCode }) => statusCode === 503).length
  return { statuses: answers.map(({ statusCode }) => statusCode), turnedAway }
}

const open = (t: Parameters<typeof startApp>[0]) =>
  startApp(t, NARROW, { ...testClock(), elapsed: () => performance.now() })

t.test('registrations through a dialect take turns by address', async (t) => {
  const app = await open(t)
  const { statuses, turnedAway } = await meet(app, registration, Array.from({ length: OTHERS }, registration))
  t.strictSame(
    statuses,
    Array.from({ length: OTHERS }, () => 201),
  )
  t.ok(turnedAway > 0, 'there was not room for all')
})

t.test('so do changes of the password through a dialect', async (t) => {
  const app = await open(t)
  const calls: Call[] = []
  for (let index = 0; index < OTHERS; index += 1) {
    const { username, password } = await registerSomebody(app)
    const url = '/authenticate_user'
    const { token } = (await app.inject({ method: 'POST', url, payload: { username, password } })).json()
    const headers = { authorization: `Bearer ${token}` }
    calls.push({ method: 'PUT', url: '/user', payload: { password: 'a quite different phrase' }, headers })
  }
  const { statuses, turnedAway } = await meet(app, registration, calls)
  t.strictSame(
    statuses,
    Array.from({ length: OTHERS }, () => 200),
  )
  t.ok(turnedAway > 0, 'there was not room for all')
})

t.test('so do accounts that admins make, and passwords that they set', async (t) => {
  const app = await open(t)
  const admins: Person[] = []
  for (let index = 0; index < OTHERS; index += 1) admins.push(await registerAdmin(app))
  const { access_token } = await login(app, (admins[0] as Person).username, (admins[0] as Person).password)
  const headers = { authorization: `Bearer ${access_token}` }
  const make = (): Call => ({ method: 'POST', url: '/api/v1/users', payload: somebody(), headers })
  const made = await meet(
    app,
    make,
    admins.map(({ authorization }) => ({ ...make(), headers: authorization })),
  )
  t.strictSame(
    made.statuses,
    admins.map(() => 201),
  )
  t.ok(made.turnedAway > 0, 'there was not room for all')

  const victims: Person[] = []
  for (let index = 0; index < OTHERS; index += 1) victims.push(await registerSomebody(app))
  const set = await meet(
    app,
    make,
    admins.map(({ authorization }, index) => ({
      method: 'PUT',
      url: `/api/v1/users/${uidOf(victims[index] as Person)}`,
      payload: { password: 'what the admin says' },
      headers: authorization,
    })),
  )
  t.strictSame(
    set.statuses,
    admins.map(() => 200),
  )
  t.ok(set.turnedAway > 0, 'there was not room for all')
})
