/** Attacks on who owns an address: whoever chose a password before the mailbox was proved, and keeps what they have. */
import t from 'tap'
import { findByIdentifier } from '../../src/accounts/account.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { issueProof } from '../../src/proofs/proof.ts'
import {
  bearer,
  getMe,
  login,
  onEachStore,
  type Person,
  post,
  refresh,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
  testEnvironment,
} from '../support/app.ts'
import { askFor, countMails, recipientsOf } from '../support/by-mail.ts'
import { mailsOf, mailTo } from '../support/mail.ts'
import { emptyDatabase, jsonLines } from '../support/moving.ts'
import { press } from '../support/pages.ts'

const UNPROVED = { status: 403, code: 'requester_unproved' }
const INVALID = { status: 400, code: 'one_time_token_invalid' }

const verify = (app: TestApp, token: string, more: object = {}) => post(app, '/auth/email/verify', { token, ...more })
const put = (app: TestApp, { authorization }: Pick<Person, 'authorization'>, payload: object) =>
  app.inject({ method: 'PUT', url: '/api/v1/users/me', payload, headers: authorization })
const tryLogin = (app: TestApp, identifier: string, password: string) =>
  post(app, '/auth/login', { identifier, password })

/** Registers from an address of one's own, and waits for the message. */
async function registerFirst(app: TestApp, registration: object, remoteAddress = '192.0.2.1') {
  const options = { method: 'POST', url: '/api/v1/auth/register', payload: registration, remoteAddress } as const
  const response = await app.inject(options)
  if (response.statusCode !== 202) throw new Error(response.body)
  await app.mailRequests.settle()
  return response.json<{ request_token: string }>()
}

/** Somebody whose address is proved, by the session that registered. */
async function proved(app: TestApp): Promise<Person> {
  const person = await registerSomebody(app)
  const { token } = await mailTo(app, 'email-verify', person.email)
  const { statusCode, body } = await post(app, '/auth/email/verify', { token }, person.authorization)
  if (statusCode !== 204) throw new Error(body)
  return person
}

t.test('with verify-first a second registration takes nothing from the first, whose owner opens either link', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, REGISTRATION: 'verify-first' })
    const victim = somebody()
    const attacker = somebody({ email: victim.email, name: 'Call +49 30 1234' })
    await registerFirst(app, victim)
    await registerFirst(app, attacker)
    await countMails(app)
    const links = await mailsOf(app, 'email-verify')
    t.equal(links.length, 2)
    const [own, foreign] = links.map(({ token }) => token) as [string, string]
    for (const token of [own, foreign]) t.match((await verify(app, token)).json(), UNPROVED, 'a click tells nothing')
    t.equal((await app.db.selectFrom('users').select('id').execute()).length, 0)
    t.match((await verify(app, foreign, { password: victim.password })).json(), { code: 'current_password_wrong' })
    t.equal((await verify(app, own, { password: victim.password })).statusCode, 204, 'the first link is still good')
    const me = (await getMe(app, (await login(app, victim.email, victim.password)).access_token)).json()
    t.match(me, { username: victim.username, email: victim.email, email_verified: true })
    for (const name of [victim.email, attacker.username])
      t.equal((await tryLogin(app, name, attacker.password)).statusCode, 401)
    t.match((await verify(app, foreign, { password: attacker.password })).json(), INVALID)
  }),
)

t.test('a stranger’s registrations swallow nobody’s: any link completes the one of whoever asked', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'verify-first', RATE_LIMIT: 'on' })
  const victim = somebody()
  for (let count = 0; count < 12; count += 1)
    await registerFirst(app, somebody({ email: victim.email }), `198.51.100.${count}`)
  const before = (await recipientsOf(app, 'email-verify')).length
  const { request_token } = await registerFirst(app, victim)
  t.equal((await recipientsOf(app, 'email-verify')).length, before, 'the address is sent no more than it may')
  const { token } = await mailTo(app, 'email-verify', victim.email)
  t.match((await verify(app, token, { request_token: `${request_token.slice(0, -1)}_` })).json(), UNPROVED)
  t.equal((await verify(app, token, { request_token })).statusCode, 204)
  t.match((await getMe(app, (await login(app, victim.email, victim.password)).access_token)).json(), {
    username: victim.username,
  })
  t.equal((await app.db.selectFrom('proofs').selectAll().where('purpose', '=', 'registration').execute()).length, 0)
})

t.test('who did not register and wants the account sets a password of their own', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'verify-first' })
  const attacker = somebody({ name: 'Call +49 30 1234' })
  await registerFirst(app, attacker)
  const { token } = await mailTo(app, 'email-verify', attacker.email)
  t.match((await verify(app, token, { new_password: 'short' })).json(), { code: 'password_too_short' })
  const new_password = 'a phrase of the owner'
  t.equal((await verify(app, token, { new_password, username: 'the.owner' })).statusCode, 204)
  t.equal((await tryLogin(app, attacker.email, attacker.password)).statusCode, 401)
  const me = (await getMe(app, (await login(app, attacker.email, new_password)).access_token)).json()
  t.match(me, { username: 'the.owner', email_verified: true })
  t.notOk('name' in me, 'words of a stranger are no name')
})

t.test('with open registration an unasked-for link proves nothing for who made the account', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, SIGN_IN_LINK: 'on', ACCESS_TOKEN_TTL: '1h' })
    const attacker = await registerSomebody(app)
    const { token } = await mailTo(app, 'email-verify', attacker.email)
    await press(app, 'verify-email', { token })
    t.match((await verify(app, token)).json(), UNPROVED)
    t.equal((await getMe(app, attacker.access_token)).json().email_verified, false)
    const link = await askFor(app, '/auth/sign-in/link', attacker.email, 'sign-in-link')
    const victim = await post(app, '/auth/sign-in/link/verify', { token: link.token })
    t.match((await getMe(app, victim.json().access_token)).json(), { email_verified: true })
    t.equal((await getMe(app, attacker.access_token)).statusCode, 401, 'the session of the registration is over')
    t.equal((await refresh(app, attacker.refresh_token)).statusCode, 401)
    for (const name of [attacker.email, attacker.username])
      t.equal((await tryLogin(app, name, attacker.password)).statusCode, 401)
  }),
)

t.test(
  'who clicks an unasked-for link and chose no password gets the account, and everything older ends',
  async (t) => {
    const app = await startApp(t, {
      SIGN_IN_LINK: 'on',
      SIGN_IN_CODE: 'on',
      EMAIL_CHANGE: 'confirm',
      ACCESS_TOKEN_TTL: '1h',
    })
    const registration = somebody()
    const registered = await post(app, '/auth/register', registration)
    const attacker = { ...registered.json(), authorization: bearer(registered.json().access_token) }
    const { token } = await mailTo(app, 'email-verify', registration.email)
    const elsewhere = somebody().email
    await put(app, attacker, { email: elsewhere })
    const change = await mailTo(app, 'email-change-confirm', elsewhere)
    const sent = [
      await askFor(app, '/auth/sign-in/link', registration.email, 'sign-in-link'),
      await askFor(app, '/auth/password/forgot', registration.email, 'password-reset'),
    ]
    const answer = await press(app, 'verify-email', { token, new_password: 'a phrase of the owner' })
    t.equal(answer.statusCode, 200)
    t.equal((await getMe(app, attacker.access_token)).statusCode, 401)
    t.equal((await refresh(app, attacker.refresh_token)).statusCode, 401)
    t.equal((await tryLogin(app, registration.email, registration.password)).statusCode, 401)
    const own = { token: change.token, password: 'a phrase of the owner' }
    t.match((await post(app, '/auth/email/change/confirm', own)).json(), INVALID)
    t.match((await post(app, '/auth/sign-in/link/verify', { token: sent[0]?.token })).json(), INVALID)
    const reset = { token: sent[1]?.token, new_password: 'a phrase of the attacker' }
    t.match((await post(app, '/auth/password/reset', reset)).json(), INVALID)
    const device = { 'x-device-token': attacker.device_token }
    const back = await post(app, '/auth/login', { identifier: registration.email, password: own.password }, device)
    t.equal(back.statusCode, 200)
    t.ok(back.json().device_token, 'the device of the registration is a stranger')
    t.match((await getMe(app, back.json().access_token)).json(), { email_verified: true })
  },
)

t.test('an address that was changed to at once gives no hijacker an account of its owner to take back', async (t) => {
  const app = await startApp(t, { EMAIL_CHANGE: 'at-once', SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' })
  const hijacker = await proved(app)
  const victim = somebody()
  const changed = (await put(app, hijacker, { email: victim.email })).json()
  t.match(changed, { email: victim.email, email_verified: false, proved_email: hijacker.email })
  const undo = await mailTo(app, 'email-changed', hijacker.email)
  for (const url of ['/auth/password/forgot', '/auth/sign-in/link', '/auth/sign-in/code'])
    await post(app, url, { email: victim.email })
  for (const template of ['password-reset', 'sign-in-link', 'sign-in-code'])
    t.notOk((await recipientsOf(app, template)).includes(victim.email), `${template} is not for who is no owner`)
  const { token } = await mailTo(app, 'email-change-confirm', victim.email)
  t.match((await post(app, '/auth/email/change/confirm', { token })).json(), UNPROVED)
  t.match((await getMe(app, hijacker.access_token)).json(), { email: victim.email }, 'which is remembered')
  // nobody is kept from their own address
  const owner = await registerSomebody(app, victim)
  const own = await mailTo(app, 'email-verify', victim.email)
  t.equal((await post(app, '/auth/email/verify', { token: own.token }, owner.authorization)).statusCode, 204)
  t.match((await getMe(app, hijacker.access_token)).json(), { email: hijacker.email, email_verified: true })
  t.strictSame(await recipientsOf(app, 'email-released'), [hijacker.email], 'who only went by it is told')
  const late = await post(app, '/auth/email/change/confirm', { token }, hijacker.authorization)
  t.match(late.json(), INVALID, 'and is left no link')
  await post(app, '/auth/email/change/undo', { token: undo.token })
  t.match((await getMe(app, owner.access_token)).json(), { email: victim.email, email_verified: true })
  t.ok(await login(app, victim.email, victim.password))
})

t.test('a link that takes a change back dies with a reset that proves the new address', async (t) => {
  const app = await startApp(t)
  const hijacker = await proved(app)
  const { id = 0 } = (await findByIdentifier(app.db, hijacker.email)) ?? {}
  const victim = somebody().email
  // as an older version left it: changed at once, and the undo kept
  const undo = await inTransaction(app.db, (tx) =>
    issueProof(tx, app, { purpose: 'email-change-undo', user_id: id, bound: { email: hijacker.email }, ttl: 1e8 }),
  )
  const row = { email: victim, email_key: victim, email_verified_at: null }
  await app.db.updateTable('users').set(row).where('id', '=', id).execute()
  const { token } = await askFor(app, '/auth/password/forgot', victim, 'password-reset')
  const new_password = 'a phrase of the owner'
  t.equal((await post(app, '/auth/password/reset', { token, new_password })).statusCode, 204)
  t.match((await post(app, '/auth/email/change/undo', { token: undo })).json(), INVALID)
  t.ok(await login(app, victim, new_password))
})

t.test('who confirms an address that a stranger asked for does not put it into the stranger’s account', async (t) => {
  const app = await startApp(t)
  const stranger = await proved(app)
  const other = await proved(app)
  const { email } = somebody()
  await put(app, stranger, { email })
  const { token } = await mailTo(app, 'email-change-confirm', email)
  await press(app, 'confirm-email-change', { token })
  t.match((await post(app, '/auth/email/change/confirm', { token })).json(), UNPROVED)
  const signedInElsewhere = await post(app, '/auth/email/change/confirm', { token }, other.authorization)
  t.match(signedInElsewhere.json(), UNPROVED, 'another account is nobody here')
  t.equal((await getMe(app, stranger.access_token)).json().email, stranger.email)
  const asked = await post(app, '/auth/email/change/confirm', { token }, stranger.authorization)
  t.equal(asked.statusCode, 204, 'whoever asked and reads it may')
  t.equal((await getMe(app, stranger.access_token)).statusCode, 200, 'and nothing ends')
})

t.test('an unproved claim keeps nobody from their address, whichever way they prove it', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'verify-first' })
  const admin = await registerAdmin(app)
  const owner = somebody()
  const claimant = somebody({ email: owner.email })
  await post(app, '/users', claimant, admin.authorization)
  const { request_token } = await registerFirst(app, owner)
  const { token } = await mailTo(app, 'email-verify', owner.email, 2)
  t.equal((await verify(app, token, { request_token })).statusCode, 204)
  t.match((await getMe(app, (await login(app, owner.email, owner.password)).access_token)).json(), {
    username: owner.username,
  })
  const kept = (await getMe(app, (await login(app, claimant.username, claimant.password)).access_token)).json()
  t.notOk('email' in kept, 'the account keeps its other name')
  const invited = somebody()
  await post(app, '/users', somebody({ email: invited.email }), admin.authorization)
  t.equal((await post(app, '/invitations', { email: invited.email }, admin.authorization)).statusCode, 201)
  const invitation = await mailTo(app, 'invitation', invited.email)
  const { username, password } = invited
  const accepted = await post(app, '/auth/invitations/accept', { token: invitation.token, username, password })
  t.match((await getMe(app, accepted.json().access_token)).json(), { email: invited.email, email_verified: true })
  t.match((await post(app, '/invitations', { email: owner.email }, admin.authorization)).json(), {
    code: 'email_taken',
  })
})

t.test('passwords are not guessed by a link: it has few tries', async (t) => {
  const app = await startApp(t, { RATE_LIMIT: 'on', RATE_LIMITS: 'code=1000/1m' })
  const person = await registerSomebody(app)
  const { token } = await mailTo(app, 'email-verify', person.email)
  const statuses = []
  for (let count = 0; count < 8; count += 1)
    statuses.push((await verify(app, token, { password: `wrong ${count}` })).statusCode)
  t.strictSame(statuses, [403, 403, 403, 403, 403, 429, 429, 429])
  t.equal((await verify(app, token, { password: person.password })).statusCode, 429)
  app.clock.advance(3_600_000)
  t.equal((await verify(app, token, { password: person.password })).statusCode, 204)
})

t.test('of a new password and the password of before at once, at one link, one counts', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const { token } = await mailTo(app, 'email-verify', person.email)
  const answers = await Promise.all([
    verify(app, token, { password: person.password }),
    verify(app, token, { new_password: 'a phrase of the owner' }),
    ...Array.from({ length: 6 }, () => post(app, '/auth/email/verify', { token }, person.authorization)),
  ])
  t.equal(answers.filter(({ statusCode }) => statusCode === 204).length, 1)
})

t.test('a link that nobody asked for lets in nobody who shows nothing beside it', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  const made = somebody()
  await post(app, '/users', made, admin.authorization)
  const { token } = await mailTo(app, 'email-verify', made.email)
  t.match((await verify(app, token)).json(), UNPROVED)
  t.equal((await verify(app, token, { password: made.password })).statusCode, 204)
})

t.test('a password that is changed while it is looked at is no good beside a link', async (t) => {
  const app = await startApp(t)
  const [admin, person] = [await registerAdmin(app), await registerSomebody(app)]
  const { token } = await mailTo(app, 'email-verify', person.email)
  const { id } = (await getMe(app, person.access_token)).json()
  const change = { method: 'PUT', url: `/api/v1/users/${id}`, payload: { password: 'set by an admin' } } as const
  const { verify: look } = app.hasher
  app.hasher.verify = async (...looked) => {
    const { statusCode } = await app.inject({ ...change, headers: admin.authorization })
    t.equal(statusCode, 200)
    return look(...looked)
  }
  const answer = await verify(app, token, { password: person.password })
  app.hasher.verify = look
  t.match(answer.json(), { status: 403, code: 'current_password_wrong' })
  t.equal((await verify(app, token, { password: 'set by an admin' })).statusCode, 204, 'the link is as it was')
})

/** bcrypt of `swordfish`, made by python3-bcrypt. */
const SWORDFISH = '$2b$04$JPg08V//WXTyInyEy7WYU.90yRwxOY7fiDXRK7YXGxuA4cf0ferlW'

t.test('the owner of an imported account is told of its first sign-in, at an address that was proved', async (t) => {
  const environment = testEnvironment(t)
  const { bringIn } = await emptyDatabase(t, environment['DATABASE_URL'])
  const imported = (username: string, email_verified: boolean) => ({
    username,
    email: `${username}@example.org`,
    email_verified,
    password_hash: SWORDFISH,
  })
  await bringIn(jsonLines(imported('ada', true), imported('bob', false)))
  const app = await startApp(t, environment)
  for (const name of ['ada', 'bob', 'ada']) await login(app, name, 'swordfish')
  await registerSomebody(app)
  t.strictSame(await recipientsOf(app, 'new-device'), ['ada@example.org'], 'once')
})

t.test('an address that was changed to at once logs in, and takes the old one’s place when it is proved', async (t) => {
  const app = await startApp(t, { EMAIL_CHANGE: 'at-once', REQUIRE_VERIFIED_EMAIL: 'on' })
  // who has no name that was looked for may be taken for the oldest account
  await post(app, '/auth/register', somebody())
  const person = somebody()
  const { request_token } = (await post(app, '/auth/register', person)).json()
  const verification = await mailTo(app, 'email-verify', person.email)
  await verify(app, verification.token, { request_token })
  const { access_token } = await login(app, person.email, person.password)
  const { email } = somebody()
  await put(app, { authorization: bearer(access_token) }, { email })
  for (const name of [person.email, email, email.toUpperCase()]) t.ok(await login(app, name, person.password))
  const reset = await askFor(app, '/auth/password/forgot', person.email, 'password-reset')
  t.ok(reset.token, 'the proved address goes on counting')
  const { token } = await mailTo(app, 'email-change-confirm', email)
  const confirmed = await post(app, '/auth/email/change/confirm', { token }, bearer(access_token))
  t.equal(confirmed.statusCode, 204)
  const me = (await getMe(app, access_token)).json()
  t.match(me, { email, email_verified: true })
  t.notOk('proved_email' in me)
  t.match(
    (await post(app, '/auth/password/reset', { token: reset.token, new_password: 'another phrase' })).json(),
    INVALID,
  )
  const undo = await mailTo(app, 'email-changed', person.email, 2)
  t.equal((await post(app, '/auth/email/change/undo', { token: undo.token })).statusCode, 204, 'and takes it back')
  t.equal((await getMe(app, access_token)).statusCode, 401)
})

t.test('an address that an admin sets is in the place of one that was changed to at once', async (t) => {
  const app = await startApp(t, { EMAIL_CHANGE: 'at-once' })
  const [admin, person] = [await registerAdmin(app), await proved(app)]
  const [claimed, set] = [somebody().email, somebody().email]
  await put(app, person, { email: claimed })
  const { id } = (await getMe(app, person.access_token)).json()
  const change = { method: 'PUT', url: `/api/v1/users/${id}`, payload: { email: set } } as const
  t.equal((await app.inject({ ...change, headers: admin.authorization })).statusCode, 200)
  t.match((await getMe(app, person.access_token)).json(), { email: set, email_verified: false })
  t.equal((await tryLogin(app, claimed, person.password)).statusCode, 401)
})

t.test('a new password drops an address that was changed to at once and is not proved', async (t) => {
  const app = await startApp(t, { EMAIL_CHANGE: 'at-once' })
  const person = await proved(app)
  const { email } = somebody()
  await put(app, person, { email })
  const change = { current_password: person.password, new_password: 'a quite different phrase' }
  t.equal((await post(app, '/users/me/password', change, person.authorization)).statusCode, 204)
  t.match((await getMe(app, person.access_token)).json(), { email: person.email, email_verified: true })
  t.equal((await tryLogin(app, email, change.new_password)).statusCode, 401)
})
