/** Each route is driven to send all that it sends: what test/support/sending.ts says of them is neither too little nor too much. */
import t, { type Test } from 'tap'
import type { TestApp } from '../support/app.ts'
import {
  type Environment,
  type Person,
  post,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
} from '../support/app.ts'
import { askFor, proveFor, registerProved } from '../support/by-mail.ts'
import { newAddress, TRIES_COUNT } from '../support/guessing.ts'
import { mailTo } from '../support/mail.ts'
import { press } from '../support/pages.ts'
import { SENDING, watchSending } from '../support/sending.ts'

const seen = new Set<string>()

async function start(t: Test, environment: Environment) {
  const app = await startApp(t, { ...TRIES_COUNT, LOGIN_CHALLENGE: 'off', ...environment })
  watchSending(app, ({ route, what }) => seen.add(`${route}: ${what}`))
  return app
}

const put = (app: TestApp, { authorization }: Pick<Person, 'authorization'>, url: string, payload: object) =>
  app.inject({ method: 'PUT', url: `/api/v1${url}`, payload, headers: authorization })

/** Somebody who goes by an address that they have not proved, and is told when another proves it. */
async function goBy(app: TestApp, email: string) {
  await put(app, await registerProved(app), '/users/me', { email })
}

/** An account with an address that nobody has proved, and by which another goes too. */
async function claim(app: TestApp): Promise<Person> {
  const registration = somebody()
  await goBy(app, registration.email)
  return registerSomebody(app, registration)
}

type Fields = Record<string, string>

/** From where nobody has been. */
const send = (app: TestApp, url: string, payload: object) =>
  app.inject({ method: 'POST', url, payload, remoteAddress: newAddress() })

/** The two ways to use what a link holds. */
const WAYS = {
  call: (app: TestApp, url: string, _: string, fields: Fields) => send(app, `/api/v1${url}`, fields),
  page: (app: TestApp, _: string, page: string, fields: Fields) =>
    press(app, page, fields, { 'user-agent': `browser ${newAddress()}` }),
}

async function useLinks(app: TestApp, use: (typeof WAYS)['call']) {
  const forgetful = await claim(app)
  const reset = await askFor(app, '/auth/password/forgot', forgetful.email, 'password-reset')
  await use(app, '/auth/password/reset', 'reset-password', { token: reset.token, new_password: 'a new phrase' })

  const { email, password } = await claim(app)
  const { token } = await mailTo(app, 'email-verify', email)
  await use(app, '/auth/email/verify', 'verify-email', { token, password })

  const guest = somebody()
  await goBy(app, guest.email)
  await post(app, '/invitations', { email: guest.email }, (await registerAdmin(app)).authorization)
  const invitation = await mailTo(app, 'invitation', guest.email)
  const chosen = { token: invitation.token, username: guest.username, password: guest.password }
  await use(app, '/auth/invitations/accept', 'accept-invitation', chosen)

  const mover = await registerProved(app)
  const target = somebody().email
  await goBy(app, target)
  await put(app, mover, '/users/me', { email: target })
  const change = await mailTo(app, 'email-change-confirm', target, 2)
  const own = { token: change.token, password: mover.password }
  await use(app, '/auth/email/change/confirm', 'confirm-email-change', own)
  await goBy(app, mover.email)
  const undo = await mailTo(app, 'email-changed', mover.email)
  await use(app, '/auth/email/change/undo', 'undo-email-change', { token: undo.token })

  const reader = await claim(app)
  for (const count of [1, 2]) {
    const link = await askFor(app, '/auth/sign-in/link', reader.email, 'sign-in-link', count)
    await use(app, '/auth/sign-in/link/verify', 'sign-in', { token: link.token })
  }
}

t.test('what links lead to, by calls and by pages, and codes', async (t) => {
  const app = await start(t, { EMAIL_CHANGE: 'at-once', SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' })
  await useLinks(app, WAYS.call)
  await useLinks(app, WAYS.page)
  const { email } = await claim(app)
  for (const count of [1, 2]) {
    const { text = '' } = await askFor(app, '/auth/sign-in/code', email, 'sign-in-code', count)
    await send(app, '/api/v1/auth/sign-in/code/verify', { email, code: /\b\d{6}\b/.exec(text)?.[0] ?? '' })
  }
  await guess(app, '/api/v1/auth/sign-in/code/verify', email, { email, code: '000000' })
  await post(app, '/auth/email/verification/request', { email })
})

/** Guesses until the owner is told. */
async function guess(app: TestApp, url: string, owner: string, payload: object) {
  for (let wrong = 0; wrong < 17; wrong += 1) {
    await send(app, url, payload)
    app.clock.advance(20_000)
  }
  await mailTo(app, 'locked', owner)
}

t.test('sign-ins by password, and registrations', async (t) => {
  const app = await start(t, {})
  for (const url of ['/api/v1/auth/login', '/auth/login', '/authenticate_user']) {
    const { username, email, password } = await registerProved(app)
    const named = url === '/authenticate_user' ? { username } : { identifier: email }
    await send(app, url, { ...named, password })
    await guess(app, url, email, { ...named, password: 'a wrong password' })
  }
  const { email, username, password } = somebody()
  await app.inject({ method: 'POST', url: '/auth/signup', payload: { email, password, name: username } })
  await app.inject({ method: 'POST', url: '/auth/register', payload: somebody() })
  await start(t, { REGISTRATION: 'verify-first' }).then((app) => post(app, '/auth/register', somebody()))
})

t.test('what the signed-in do', async (t) => {
  const app = await start(t, { EMAIL_CHANGE: 'at-once' })
  const unproved = await registerSomebody(app)
  await post(app, '/auth/email/verification', {}, unproved.authorization)
  await put(app, unproved, '/users/me', { email: somebody().email })
  const { username, password, ...person } = await registerProved(app)
  await put(app, person, '/users/me', { email: somebody().email })
  await post(app, '/auth/email/verification', {}, person.authorization)
  const change = { current_password: password, new_password: 'a new phrase' }
  await post(app, '/users/me/password', change, person.authorization)
  const payload = { username, password: change.new_password }
  const { token } = (await app.inject({ method: 'POST', url: '/authenticate_user', payload })).json()
  const headers = { authorization: `Bearer ${token}` }
  await app.inject({ method: 'PUT', url: '/user', payload: { password: 'another new phrase' }, headers })
})

t.test('what administrators do, to themselves too', async (t) => {
  const app = await start(t, { EMAIL_CHANGE: 'at-once' })
  const admin = await registerAdmin(app)
  await proveFor(app, admin.email)
  const made = await post(app, '/users', somebody(), admin.authorization)
  await put(app, admin, `/users/${made.json().id}`, { email: somebody().email })
  const own = (await app.inject({ url: '/api/v1/users/me', headers: admin.authorization })).json().id
  await put(app, admin, `/users/${own}`, { email: somebody().email, password: 'a phrase of the admin' })
})

t.test('who wants the address of somebody else, which has to be confirmed', async (t) => {
  const app = await start(t, { EMAIL_CHANGE: 'confirm' })
  const { email } = await registerProved(app)
  await put(app, await registerProved(app), '/users/me', { email })
  const admin = await registerAdmin(app)
  const own = (await app.inject({ url: '/api/v1/users/me', headers: admin.authorization })).json().id
  await put(app, admin, `/users/${own}`, { email })
})

t.test('the table says that, and nothing else', async (t) => {
  const said = Object.entries(SENDING).flatMap(([route, { sends = {}, asks }]) => [
    ...Object.keys(sends).map((template) => `${route}: ${template}`),
    ...(asks === undefined ? [] : [`${route}: asks ${asks}`]),
  ])
  t.strictSame([...seen].sort(), said.sort())
})
