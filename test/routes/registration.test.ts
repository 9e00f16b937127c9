/** Who may make an account: what `REGISTRATION` says, in v1 and in the dialects. */
import t from 'tap'
import {
  bearer,
  getMe,
  login,
  post,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
} from '../support/app.ts'
import { countMails, recipientsOf } from '../support/by-mail.ts'
import { mailTo } from '../support/mail.ts'
import { matchLists } from '../support/match.ts'

const DAY = 86_400_000
const INVALID = { status: 400, code: 'one_time_token_invalid' }

/** Registers, and opens the message that follows. */
async function registrationMail(app: TestApp, registration: ReturnType<typeof somebody>, count = 1) {
  const response = await post(app, '/auth/register', registration)
  if (response.statusCode !== 202) throw new Error(response.body)
  await app.mailRequests.settle()
  return mailTo(app, 'email-verify', registration.email, count)
}

t.test(
  'with verify-first the account comes with the link, proved, and logs in with the password of before',
  async (t) => {
    const app = await startApp(t, { REGISTRATION: 'verify-first' })
    const registration = somebody({ name: 'Ada Lovelace', locale: 'de' })
    const { token, text } = await registrationMail(app, registration)
    t.notMatch(text, 'Ada Lovelace', 'who gave the name may be anybody')
    t.equal((await app.db.selectFrom('users').select('id').execute()).length, 0)
    const stored = JSON.stringify(await app.db.selectFrom('proofs').selectAll().execute())
    t.notOk(stored.includes(registration.password))
    const { password } = registration
    t.equal((await post(app, '/auth/email/verify', { token, password })).statusCode, 204)
    const tokens = await login(app, registration.username, registration.password)
    const me = (await getMe(app, tokens.access_token)).json()
    matchLists(t, me, {
      email: registration.email,
      email_verified: true,
      name: 'Ada Lovelace',
      locale: 'de',
      roles: ['user'],
    })
    t.match((await post(app, '/auth/email/verify', { token, password })).json(), INVALID)
  },
)

t.test('the owner of a known address is told, and whoever registered it gets nothing', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'verify-first' })
  const person = somebody()
  const { token } = await registrationMail(app, person)
  await post(app, '/auth/email/verify', { token, password: person.password })
  await post(app, '/auth/register', somebody({ email: person.email.toUpperCase() }))
  t.strictSame(await recipientsOf(app, 'registration-attempt'), [person.email])
  t.equal((await recipientsOf(app, 'email-verify')).length, 1)
})

t.test('a name that is taken is told at the link, which stays good for another name', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'verify-first' })
  const [first, second] = [somebody(), somebody()]
  const wanted = { ...second, username: first.username }
  const mails = [await registrationMail(app, first), await registrationMail(app, wanted)]
  const verify = (token = '', username?: string, { password } = second) =>
    post(app, '/auth/email/verify', { token, password, ...(username !== undefined && { username }) })
  t.equal((await verify(mails[0]?.token, undefined, first)).statusCode, 204)
  t.match((await verify(mails[1]?.token)).json(), { status: 409, code: 'username_taken' })
  t.equal((await verify(mails[1]?.token, second.username)).statusCode, 204)
  t.ok(await login(app, second.username, second.password))
})

t.test(
  'registrations of one address wait side by side for three days, and the first that is completed counts',
  async (t) => {
    const app = await startApp(t, { REGISTRATION: 'verify-first' })
    const [person, late] = [somebody(), somebody()]
    const first = await registrationMail(app, person)
    const second = await registrationMail(app, { ...person, password: 'another password' }, 2)
    const old = await registrationMail(app, late)
    const verify = (token: string, password: string) => post(app, '/auth/email/verify', { token, password })
    const answers = await Promise.all(Array.from({ length: 20 }, () => verify(second.token, 'another password')))
    t.equal(answers.filter(({ statusCode }) => statusCode === 204).length, 1, 'once')
    t.ok(await login(app, person.email, 'another password'))
    t.match((await verify(first.token, person.password)).json(), INVALID)
    app.clock.advance(3 * DAY)
    t.match((await verify(old.token, late.password)).json(), INVALID)
  },
)

t.test('a password that is too short is refused before anything is noted', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'verify-first' })
  t.match((await post(app, '/auth/register', somebody({ password: 'short' }))).json(), { code: 'password_too_short' })
  t.equal(await countMails(app), 0)
})

t.test('an invitation makes an account with the roles that it names, and signs in', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'invite' })
  const admin = await registerAdmin(app)
  t.match((await post(app, '/auth/register', somebody())).json(), { status: 403, code: 'registration_closed' })
  const { email, ...rest } = somebody()
  const invite = (roles?: string[], headers = admin.authorization) =>
    post(app, '/invitations', { email, ...(roles && { roles }) }, headers)
  matchLists(t, (await invite()).json(), {
    email,
    roles: ['user'],
    expires_at: new Date(app.now() + 7 * DAY).toISOString(),
  })
  const older = await mailTo(app, 'invitation', email)
  await invite(['admin', 'user'])
  const { token, link } = await mailTo(app, 'invitation', email, 2)
  t.match(link, /\/accept-invitation\?token=/)
  const accept = (each: string, more = {}) => post(app, '/auth/invitations/accept', { token: each, ...rest, ...more })
  t.match((await accept(older.token)).json(), INVALID, 'an older one is void')
  t.match((await accept(token, { password: 'short' })).json(), { code: 'password_too_short' })
  t.match((await accept(token, { username: admin.username })).json(), { status: 409, code: 'username_taken' })
  const accepted = await accept(token)
  t.equal(accepted.statusCode, 201)
  const me = (await getMe(app, accepted.json().access_token)).json()
  matchLists(t, me, { email, email_verified: true, roles: ['admin', 'user'] })
  t.match((await accept(token)).json(), INVALID, 'once')
  t.match((await invite()).json(), { status: 409, code: 'email_taken' })
})

t.test(
  'only who may write users invites; an invitation ends with the inviter’s right, and after seven days',
  async (t) => {
    const app = await startApp(t, { REGISTRATION: 'invite' })
    const [admin, other] = [await registerAdmin(app), await registerAdmin(app)]
    const invitee = somebody()
    await post(app, '/invitations', { email: invitee.email }, admin.authorization)
    const { token } = await mailTo(app, 'invitation', invitee.email)
    const { username, password } = invitee
    const accept = () => post(app, '/auth/invitations/accept', { token, username, password })
    const { id } = (await getMe(app, admin.access_token)).json()
    const setRoles = (roles: string[]) =>
      app.inject({ method: 'PUT', url: `/api/v1/users/${id}`, payload: { roles }, headers: other.authorization })
    await setRoles(['user'])
    t.match((await accept()).json(), INVALID)
    t.equal((await post(app, '/invitations', { email: somebody().email }, admin.authorization)).statusCode, 403)
    await setRoles(['admin', 'user'])
    app.clock.advance(7 * DAY)
    t.match((await accept()).json(), INVALID)
  },
)

t.test(
  'where registration is closed nobody registers, and nobody is invited; admins still make accounts',
  async (t) => {
    const app = await startApp(t, { REGISTRATION: 'closed' })
    const admin = await registerAdmin(app)
    t.match((await post(app, '/auth/register', somebody())).json(), { status: 403, code: 'registration_closed' })
    t.match((await post(app, '/invitations', { email: somebody().email }, admin.authorization)).json(), {
      status: 404,
      code: 'feature_disabled',
    })
    t.equal((await post(app, '/users', somebody(), admin.authorization)).statusCode, 201)
  },
)

t.test('the dialects obey, in their own words', async (t) => {
  for (const REGISTRATION of ['verify-first', 'invite', 'closed']) {
    const app = await startApp(t, { REGISTRATION })
    const { username, email, password } = somebody()
    const send = (url: string, payload: object) => app.inject({ method: 'POST', url, payload })
    const message = 'Nobody can register with this service by themselves.'
    t.match((await send('/auth/register', { username, email, password })).json(), { message })
    t.match((await send('/auth/signup', { email, password, name: 'Ada' })).json(), { status: 'failed', message })
    t.equal((await send('/user', { username, password })).statusCode, 403)
    t.equal((await app.db.selectFrom('users').select('id').execute()).length, 0)
  }
})

t.test('a dialect that answers with a token makes the account, and says that its address comes first', async (t) => {
  const app = await startApp(t, { REQUIRE_VERIFIED_EMAIL: 'on' })
  const { email, password } = somebody()
  const signup = await app.inject({ method: 'POST', url: '/auth/signup', payload: { email, password, name: 'Ada' } })
  t.equal(signup.statusCode, 403)
  t.match(signup.json(), { status: 'failed', message: 'The e-mail address of the account has to be verified first.' })
  const { token } = await mailTo(app, 'email-verify', email)
  await post(app, '/auth/email/verify', { token, password })
  const logged = await app.inject({ method: 'POST', url: '/auth/login', payload: { email, password } })
  t.equal(logged.statusCode, 200)
  t.equal((await getMe(app, logged.json().jwt_token)).json().email_verified, true)
})

t.test('an account made by an admin is sent the link too', async (t) => {
  const app = await startApp(t)
  const [admin, person] = [await registerAdmin(app), somebody()]
  await post(app, '/users', person, admin.authorization)
  const { token } = await mailTo(app, 'email-verify', person.email)
  const { password } = person
  t.match((await post(app, '/auth/email/verify', { token })).json(), { status: 403, code: 'requester_unproved' })
  t.equal((await post(app, '/auth/email/verify', { token, password })).statusCode, 204)
  const { access_token } = await login(app, person.email, person.password)
  t.match((await app.inject({ url: '/api/v1/users/me', headers: bearer(access_token) })).json(), {
    email_verified: true,
  })
  t.ok(await registerSomebody(app))
})
