/** One address that has far more hashed than there is room for, and a dozen people who come meanwhile. */
import t from 'tap'
import type { Claimant } from '../../src/passwords/admission.ts'
import {
  login,
  type Person,
  post,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
} from '../support/app.ts'
import { askFor } from '../support/by-mail.ts'
import { mailTo } from '../support/mail.ts'
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

const open = (t: Parameters<typeof startApp>[0]) => startApp(t, NARROW)

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

t.test('every call that has something hashed says from where and for whom', async (t) => {
  const app = await startApp(t, { COMPAT: 'flask-auth,python-jwt-template,flask-jwt-demo' })
  const [admin, person] = [await registerAdmin(app), await registerSomebody(app)]
  const invitee = somebody()
  await post(app, '/invitations', { email: invitee.email }, admin.authorization)
  const invitation = (await mailTo(app, 'invitation', invitee.email)).token
  const { username, password } = person
  const [register, { payload: signUp }] = [registration(), registration()]
  const tokenOf = async () => {
    const url = '/authenticate_user'
    const { token } = (await app.inject({ method: 'POST', url, payload: { username, password } })).json()
    return { authorization: `Bearer ${token}` }
  }
  const v1 = (method: Call['method'], path: string, payload: object, headers = {}): Call => ({
    method,
    url: `/api/v1${path}`,
    payload,
    headers,
  })
  const another = 'a quite different phrase'
  const calls: Record<string, Call> = {
    register: v1('POST', '/auth/register', somebody()),
    login: v1('POST', '/auth/login', { identifier: username, password }),
    'a login of nobody': v1('POST', '/auth/login', { identifier: 'nobody.at.all', password }),
    reauthenticate: v1('POST', '/auth/reauthenticate', { password }, person.authorization),
    'an account made by an admin': v1('POST', '/users', somebody(), admin.authorization),
    'a password set by an admin': v1('PUT', `/users/${uidOf(person)}`, { password }, admin.authorization),
    invitation: v1('POST', '/auth/invitations/accept', { token: invitation, ...invitee, email: undefined }),
    'flask-auth': register,
    'python-jwt-template': { method: 'POST', url: '/auth/signup', payload: { ...signUp, name: 'Ada' } },
    'flask-jwt-demo': { method: 'POST', url: '/user', payload: { username: somebody().username, password } },
  }
  const claims: Claimant[] = []
  const { hash, verify, verifyNothing } = app.hasher
  const note = (from: Claimant) => claims.push(from)
  app.hasher.hash = (text, from) => {
    note(from)
    return hash(text, from)
  }
  app.hasher.verify = (phc, text, from) => {
    note(from)
    return verify(phc, text, from)
  }
  app.hasher.verifyNothing = (text, from) => {
    note(from)
    return verifyNothing(text, from)
  }

  const ask = async (what: string, call: Call) => {
    claims.length = 0
    const { statusCode } = await send(app, call, ATTACKER)
    t.ok(statusCode < 300 || what === 'a login of nobody', `${what}: ${statusCode}`)
    t.ok(claims.length > 0, `${what}: something is hashed`)
    for (const { ip, account } of claims) t.ok(ip === ATTACKER && account !== '', `${what}: ${ip}, ${account}`)
  }
  for (const [what, call] of Object.entries(calls)) await ask(what, call)
  const update = { method: 'PUT', url: '/user', payload: { password: another }, headers: await tokenOf() } as const
  await ask('a change through a dialect', update)
  const { access_token } = await login(app, username, another)
  const change = { current_password: another, new_password: password }
  await ask('a change', v1('POST', '/users/me/password', change, { authorization: `Bearer ${access_token}` }))
})

t.test('so does a password that is reset by mail', async (t) => {
  const app = await startApp(t)
  const { email } = await registerSomebody(app)
  const { token } = await askFor(app, '/auth/password/forgot', email, 'password-reset')
  const claims: Claimant[] = []
  const { hash } = app.hasher
  app.hasher.hash = (text, from) => {
    claims.push(from)
    return hash(text, from)
  }
  const payload = { token, new_password: 'a quite different phrase' }
  const { statusCode } = await send(app, { method: 'POST', url: '/api/v1/auth/password/reset', payload }, ATTACKER)
  t.equal(statusCode, 204)
  t.strictSame(
    claims.map(({ ip }) => ip),
    [ATTACKER],
  )
})
