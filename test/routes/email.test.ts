/** Proving an address, and changing it. */
import t from 'tap'
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
  type Tokens,
} from '../support/app.ts'
import { askFor, countMails, proveFor, recipientsOf } from '../support/by-mail.ts'
import { mailTo } from '../support/mail.ts'

const DAY = 86_400_000
const INVALID = { status: 400, code: 'one_time_token_invalid' }

const verify = (app: TestApp, token: string, by?: Person) =>
  post(app, '/auth/email/verify', { token }, by?.authorization)
const put = (app: TestApp, { authorization }: Person, payload: object) =>
  app.inject({ method: 'PUT', url: '/api/v1/users/me', payload, headers: authorization })

/** Somebody whose address is proved. */
async function verified(app: TestApp, more: Record<string, unknown> = {}): Promise<Person> {
  const person = await registerSomebody(app, more)
  const { token } = await mailTo(app, 'email-verify', person.email)
  await verify(app, token, person)
  return person
}

/** Gives somebody another address, which confirms it. */
async function moveTo(app: TestApp, person: Person, email: string, password = person.password): Promise<void> {
  await put(app, person, { email })
  const { token } = await mailTo(app, 'email-change-confirm', email)
  // not by a session: what the test is about may have ended them all
  const { statusCode, body } = await post(app, '/auth/email/change/confirm', { token, password })
  if (statusCode !== 204) throw new Error(body)
}

t.test('an address is proved by the link that registration sends', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const { token, link } = await mailTo(app, 'email-verify', person.email)
  t.match(link, /\/verify-email\?token=/)
  t.equal((await getMe(app, person.access_token)).json().email_verified, false)
  const response = await verify(app, token, person)
  t.strictSame([response.statusCode, response.body], [204, ''])
  t.equal((await getMe(app, person.access_token)).json().email_verified, true, 'seen by the next request')
  t.match((await verify(app, token)).json(), { status: 400, code: 'one_time_token_invalid' }, 'once')
  t.match((await verify(app, 'a'.repeat(43))).json(), { code: 'one_time_token_invalid' })
  const events = await app.db.selectFrom('audit_events').select(['action', 'outcome']).execute()
  t.equal(events.filter(({ action }) => action === 'email.verify').length, 1)
})

t.test(
  'the link can be sent again, which leaves the one before good; once proved, both are void and nothing is sent',
  async (t) => {
    const app = await startApp(t)
    const person = await registerSomebody(app)
    const first = await mailTo(app, 'email-verify', person.email)
    const resend = () => post(app, '/auth/email/verification', {}, person.authorization)
    t.equal((await resend()).statusCode, 202)
    const second = await mailTo(app, 'email-verify', person.email, 2)
    const third = await askFor(app, '/auth/email/verification/request', person.email, 'email-verify', 3)
    t.equal((await verify(app, second.token, person)).statusCode, 204)
    for (const { token } of [first, third]) t.equal((await verify(app, token, person)).statusCode, 400)
    const before = await countMails(app)
    const answers = [await resend(), await post(app, '/auth/email/verification/request', { email: person.email })]
    t.strictSame(
      answers.map(({ statusCode }) => statusCode),
      [202, 202],
    )
    t.equal(await countMails(app), before)
  },
)

t.test('a link is good for three days, and only while the address is the one it was sent to', async (t) => {
  const app = await startApp(t, { EMAIL_CHANGE: 'at-once' })
  const [late, moved] = [await registerSomebody(app), await registerSomebody(app)]
  const { token } = await mailTo(app, 'email-verify', late.email)
  const before = await mailTo(app, 'email-verify', moved.email)
  const { email } = somebody()
  t.match((await put(app, moved, { email })).json(), { email, email_verified: false })
  t.equal((await verify(app, before.token, moved)).statusCode, 400)
  t.equal((await verify(app, (await mailTo(app, 'email-verify', email)).token, moved)).statusCode, 204)
  app.clock.advance(3 * DAY)
  t.equal((await verify(app, token)).statusCode, 400)
})

t.test('a link is void where the account has another address, however it got that', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const proof = await mailTo(app, 'email-verify', person.email)
  const wanted = somebody().email
  await put(app, person, { email: wanted })
  const change = await mailTo(app, 'email-change-confirm', wanted)
  const { email } = somebody()
  // past all rules, which void the links themselves
  await app.db.updateTable('users').set({ email, email_key: email }).execute()
  t.match((await verify(app, proof.token)).json(), INVALID, 'whoever shows it, and nothing beside it')
  const confirmation = { token: change.token, password: person.password }
  t.match((await post(app, '/auth/email/change/confirm', confirmation)).json(), INVALID)
})

t.test('a link that was void stays so when its address comes back', async (t) => {
  const app = await startApp(t, { SIGN_IN_LINK: 'on' })
  const person = await verified(app)
  const { token } = await askFor(app, '/auth/sign-in/link', person.email, 'sign-in-link')
  for (const email of [somebody().email, person.email]) await moveTo(app, person, email)
  t.match((await getMe(app, person.access_token)).json(), { email: person.email, email_verified: true })
  t.match((await post(app, '/auth/sign-in/link/verify', { token })).json(), INVALID)
})

t.test('where addresses must be proved, who has not is refused, and learns so only with the password', async (t) => {
  const app = await startApp(t, { REQUIRE_VERIFIED_EMAIL: 'on' })
  const person = somebody()
  const registered = await post(app, '/auth/register', person)
  t.equal(registered.statusCode, 202)
  t.notOk('access_token' in registered.json(), 'no session either')
  const logIn = (password: string) => post(app, '/auth/login', { identifier: person.username, password })
  t.match((await logIn(person.password)).json(), { status: 403, code: 'email_unverified' })
  t.match((await logIn('not the password')).json(), { status: 401, code: 'invalid_credentials' })
  const { token } = await mailTo(app, 'email-verify', person.email)
  const { request_token } = registered.json()
  t.equal((await post(app, '/auth/email/verify', { token, request_token })).statusCode, 204)
  t.equal((await logIn(person.password)).statusCode, 200)
})

t.test('a new address counts when it has confirmed that', async (t) => {
  const app = await startApp(t)
  const person = await verified(app)
  const { email, username } = somebody()
  const asked = await put(app, person, { email, username })
  t.match(asked.json(), { email: person.email, email_verified: true, pending_email: email, username })
  t.notOk('pending_email' in (await getMe(app, person.access_token)).json())
  const { token, link } = await mailTo(app, 'email-change-confirm', email)
  t.match(link, /\/confirm-email-change\?token=/)
  const confirm = () => post(app, '/auth/email/change/confirm', { token }, person.authorization)
  t.equal((await confirm()).statusCode, 204)
  t.match((await getMe(app, person.access_token)).json(), { email, email_verified: true })
  t.equal((await confirm()).statusCode, 400, 'once')
  t.ok(await login(app, email, person.password))
})

t.test('the latest wish for an address is the one that counts, for a day', async (t) => {
  const app = await startApp(t)
  const person = await verified(app)
  const [first, second] = [somebody().email, somebody().email]
  await put(app, person, { email: first })
  const older = await mailTo(app, 'email-change-confirm', first)
  await put(app, person, { email: second })
  const newer = await mailTo(app, 'email-change-confirm', second)
  const { password } = person
  const confirm = (token: string) => post(app, '/auth/email/change/confirm', { token, password })
  t.equal((await confirm(older.token)).statusCode, 400)
  app.clock.advance(DAY)
  t.equal((await confirm(newer.token)).statusCode, 400)
})

t.test('a change of address is not waited for when the session that wants it was thrown out', async (t) => {
  const app = await startApp(t)
  const person = await verified(app)
  const signIn = async () => {
    const { access_token, refresh_token } = await login(app, person.username, person.password)
    const headers = { authorization: `Bearer ${access_token}` }
    const sessions = await app.inject({ method: 'GET', url: '/api/v1/users/me/sessions', headers })
    const { id } = sessions.json().items.find(({ current }: { current: boolean }) => current)
    return { id, headers, refresh_token }
  }
  const [thief, owner] = [await signIn(), await signIn()]
  const wish = async ({ headers }: typeof thief) => {
    const { email } = somebody()
    await app.inject({ method: 'PUT', url: '/api/v1/users/me', payload: { email }, headers })
    return mailTo(app, 'email-change-confirm', email)
  }
  const { password } = person
  const confirm = ({ token }: { token: string }) => post(app, '/auth/email/change/confirm', { token, password })
  const stolen = await wish(thief)
  await app.inject({ method: 'DELETE', url: `/api/v1/users/me/sessions/${thief.id}`, headers: owner.headers })
  t.match((await confirm(stolen)).json(), { status: 400, code: 'one_time_token_invalid' })
  const own = await wish(owner)
  await post(app, '/auth/logout', { refresh_token: owner.refresh_token })
  t.equal((await confirm(own)).statusCode, 204, 'who signs out still wants it')
  const left = await signIn()
  const last = await wish(left)
  await post(app, '/auth/logout', { refresh_token: left.refresh_token })
  await post(app, '/auth/logout-all', {}, (await signIn()).headers)
  t.equal((await confirm(last)).json().code, 'one_time_token_invalid', 'but not who ends everything')
})

t.test('another spelling that may be another mailbox has to be confirmed, and the old one is told', async (t) => {
  const app = await startApp(t)
  const person = await verified(app, { email: `${somebody().username}@strasse.example.org` })
  const respelt = person.email.replace('strasse', 'straße')
  const asked = await put(app, person, { email: respelt })
  t.match(asked.json(), { email: person.email, email_verified: true, pending_email: respelt })
  t.equal((await put(app, person, { email: person.email.toUpperCase() })).json().email, person.email.toUpperCase())
  const { token } = await mailTo(app, 'email-change-confirm', respelt.replace('straße', 'xn--strae-oqa'))
  t.equal((await post(app, '/auth/email/change/confirm', { token }, person.authorization)).statusCode, 204)
  t.equal((await getMe(app, person.access_token)).json().email, respelt)
  t.equal((await recipientsOf(app, 'email-changed')).length, 1)
  const direct = await startApp(t, { EMAIL_CHANGE: 'at-once' })
  const other = await verified(direct, { email: `${somebody().username}@strasse.example.org` })
  const email = other.email.replace('strasse', 'straße')
  t.match((await put(direct, other, { email })).json(), { email, email_verified: false, proved_email: other.email })
})

t.test('an address is not filled by who registered with it', async (t) => {
  const app = await startApp(t, { RATE_LIMIT: 'on', EMAIL_CHANGE: 'at-once' })
  const person = await registerSomebody(app)
  for (let count = 0; count < 8; count += 1)
    t.equal((await post(app, '/auth/email/verification', {}, person.authorization)).statusCode, 202)
  t.equal((await recipientsOf(app, 'email-verify')).length, 6, 'one of the registration')
  const [first, second] = [somebody().email, somebody().email]
  const statuses = []
  for (let count = 0; count < 12; count += 1)
    statuses.push((await put(app, person, { email: count % 2 ? first : second })).statusCode)
  t.ok(statuses.includes(429))
  t.equal((await recipientsOf(app, 'email-verify')).filter((each) => each === first).length, 5)
  t.equal((await put(app, person, { name: 'Ada' })).statusCode, 200)
})

t.test('an address is asked at most five times in an hour, and one’s own is no question', async (t) => {
  const app = await startApp(t, { RATE_LIMIT: 'on' })
  const person = await verified(app)
  const { email } = somebody()
  const statuses = []
  for (let count = 0; count < 6; count += 1) statuses.push((await put(app, person, { email })).statusCode)
  t.strictSame(statuses, [200, 200, 200, 200, 200, 429])
  t.equal((await put(app, person, { email: person.email.toUpperCase() })).statusCode, 200)
  t.equal((await recipientsOf(app, 'email-change-confirm')).length, 5)
})

t.test('whether an address is somebody’s is told to that person alone', async (t) => {
  const app = await startApp(t)
  const [person, other] = [await verified(app), await verified(app)]
  const free = somebody().email
  const answers = [await put(app, person, { email: other.email }), await put(app, person, { email: free })]
  for (const answer of answers) t.equal(answer.statusCode, 200)
  const members = answers.map((answer) => Object.keys(answer.json()).join())
  t.equal(members[0], members[1])
  t.strictSame(await recipientsOf(app, 'registration-attempt'), [other.email])
  t.strictSame(await recipientsOf(app, 'email-change-confirm'), [free])
})

t.test('an address that somebody else has taken meanwhile is refused to who reads its mail', async (t) => {
  const app = await startApp(t)
  const person = await verified(app)
  const { email } = somebody()
  await put(app, person, { email })
  const { token } = await mailTo(app, 'email-change-confirm', email)
  const confirm = () => post(app, '/auth/email/change/confirm', { token }, person.authorization)
  const other = await registerSomebody(app, { email })
  await verify(app, (await mailTo(app, 'email-verify', email)).token, other)
  t.match((await confirm()).json(), { status: 409, code: 'email_taken' })
})

t.test('the old address is told, and takes the change back with everything that rests on it', async (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, environment)
    const person = await verified(app)
    const [second, third] = [somebody().email, somebody().email]
    await moveTo(app, person, second)
    await post(
      app,
      '/users/me/password',
      { current_password: person.password, new_password: 'a password of the thief' },
      person.authorization,
    )
    await moveTo(app, person, third, 'a password of the thief')
    const { token, link, text } = await mailTo(app, 'email-changed', person.email)
    t.match(link, /\/undo-email-change\?token=/)
    t.match(text, second)
    const others = await mailTo(app, 'email-changed', second)
    app.clock.advance(6 * DAY)
    const session = await login(app, person.username, 'a password of the thief')
    const undo = (each: string) => post(app, '/auth/email/change/undo', { token: each })
    t.equal((await undo(token)).statusCode, 204)
    t.equal((await getMe(app, session.access_token)).statusCode, 401, 'every session is over')
    t.equal((await refresh(app, session.refresh_token)).statusCode, 401)
    const thief = await post(app, '/auth/login', { identifier: person.username, password: 'a password of the thief' })
    t.equal(thief.statusCode, 401, 'the password of whoever changed it counts no longer')
    for (const each of [token, others.token]) t.equal((await undo(each)).statusCode, 400)
    const reset = await mailTo(app, 'password-reset', person.email)
    const set = { token: reset.token, new_password: 'a password of the owner' }
    t.equal((await post(app, '/auth/password/reset', set)).statusCode, 204)
    const again = await login(app, person.email, 'a password of the owner')
    t.match((await getMe(app, again.access_token)).json(), { email: person.email, email_verified: true })
  }),
)

t.test(
  'a thief who moves on twice and takes the second change back does not keep the owner from taking back the first',
  async (t) => {
    const app = await startApp(t)
    const person = await verified(app)
    const [second, third] = [somebody().email, somebody().email]
    await moveTo(app, person, second)
    app.clock.advance(1000)
    await moveTo(app, person, third)
    const undo = async (email: string) =>
      post(app, '/auth/email/change/undo', { token: (await mailTo(app, 'email-changed', email)).token })
    t.equal((await undo(second)).statusCode, 204)
    const { token } = await mailTo(app, 'password-reset', second)
    await post(app, '/auth/password/reset', { token, new_password: 'a password of the thief' })
    t.equal((await undo(person.email)).statusCode, 204)
    const reset = await mailTo(app, 'password-reset', person.email)
    const set = { token: reset.token, new_password: 'a password of the owner' }
    t.equal((await post(app, '/auth/password/reset', set)).statusCode, 204)
    t.ok(await login(app, person.email, set.new_password))
    const thief = await post(app, '/auth/login', { identifier: person.username, password: 'a password of the thief' })
    t.equal(thief.statusCode, 401)
  },
)

t.test('whoever takes a change back leaves nothing good that was sent before it', async (t) => {
  const app = await startApp(t, { EMAIL_CHANGE: 'at-once', SIGN_IN_LINK: 'on' })
  const person = await verified(app)
  const link = await askFor(app, '/auth/sign-in/link', person.email, 'sign-in-link')
  app.clock.advance(1000)
  await put(app, person, { email: somebody().email })
  const { token } = await mailTo(app, 'email-changed', person.email)
  t.equal((await post(app, '/auth/email/change/undo', { token })).statusCode, 204)
  t.match((await post(app, '/auth/sign-in/link/verify', { token: link.token })).json(), INVALID)
})

t.test('a change can be taken back for seven days', async (t) => {
  const app = await startApp(t)
  const person = await verified(app)
  await moveTo(app, person, somebody().email)
  const { token } = await mailTo(app, 'email-changed', person.email)
  app.clock.advance(7 * DAY)
  t.equal((await post(app, '/auth/email/change/undo', { token })).statusCode, 400)
})

t.test('an address that was never proved is not told: it may be a stranger’s', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  await moveTo(app, person, somebody().email)
  t.strictSame(await recipientsOf(app, 'email-changed'), [])
})

t.test('who only claims an address does not keep it from its owner; who has proved it does', async (t) => {
  const app = await startApp(t)
  const [person, another] = [await verified(app), await verified(app)]
  for (const each of [person, another]) await moveTo(app, each, somebody().email)
  const claimant = await registerSomebody(app, { email: person.email })
  const owner = await registerSomebody(app, { email: another.email })
  await verify(app, (await mailTo(app, 'email-verify', owner.email, 2)).token, owner)
  const undo = async ({ email }: Person) =>
    post(app, '/auth/email/change/undo', { token: (await mailTo(app, 'email-changed', email)).token })
  t.equal((await undo(person)).statusCode, 204)
  t.notOk('email' in (await getMe(app, claimant.access_token)).json())
  t.match((await undo(another)).json(), { status: 409, code: 'email_taken' })
})

t.test('an administrator’s change counts at once, and links of before are void', async (t) => {
  const app = await startApp(t)
  const [admin, person] = [await registerAdmin(app), await verified(app)]
  const thief = somebody().email
  await moveTo(app, person, thief)
  const reset = await askFor(app, '/auth/password/forgot', thief, 'password-reset')
  const { id } = (await getMe(app, person.access_token)).json()
  const changed = await app.inject({
    method: 'PUT',
    url: `/api/v1/users/${id}`,
    payload: { email: person.email },
    headers: admin.authorization,
  })
  t.match(changed.json(), { email: person.email, email_verified: false })
  t.strictSame(await recipientsOf(app, 'email-changed'), [person.email], 'the thief has nothing to take back')
  t.equal(
    (await post(app, '/auth/password/reset', { token: reset.token, new_password: 'another password' })).statusCode,
    400,
  )
})

t.test('without mail what needs it is off, and an address counts at once', async (t) => {
  const app = await startApp(t, { NODE_ENV: 'production' })
  const person = await registerSomebody(app)
  const { email } = somebody()
  t.match((await put(app, person, { email })).json(), { email, email_verified: false })
  const off = [
    await verify(app, 'a'.repeat(43)),
    await post(app, '/auth/password/forgot', { email }),
    await post(app, '/auth/email/verification', {}, person.authorization),
  ]
  for (const answer of off) t.match(answer.json(), { status: 404, code: 'feature_disabled' })
  t.equal((await app.db.selectFrom('proofs').select('digest').execute()).length, 0)
})

for (const setting of ['confirm', 'at-once'])
  t.test(`an administrator’s wish for another address goes with a new password of theirs (${setting})`, async (t) => {
    const app = await startApp(t, { EMAIL_CHANGE: setting })
    const admin = await registerAdmin(app)
    await proveFor(app, admin.email)
    const own = (await getMe(app, admin.access_token)).json().id
    const change = (person: Tokens, payload: object) =>
      app.inject({ method: 'PUT', url: `/api/v1/users/${own}`, payload, headers: bearer(person.access_token) })
    const [first, email] = [somebody().email, somebody().email]
    for (const [wanted, password] of [
      [first, 'a phrase of the admin'],
      [email, 'another phrase of the admin'],
      [email, 'a third phrase of the admin'],
    ] as const) {
      const person = await login(app, admin.username, admin.password)
      const answer = (await change(person, { email: wanted, password })).json()
      t.match(answer, setting === 'confirm' ? { pending_email: wanted } : { email: wanted, proved_email: admin.email })
      admin.password = password
    }
    const { token } = await mailTo(app, 'email-change-confirm', email, 2)
    const outdated = { token: (await mailTo(app, 'email-change-confirm', first)).token, password: admin.password }
    t.match((await post(app, '/auth/email/change/confirm', outdated)).json(), { code: 'one_time_token_invalid' })
    const answer = { token, password: admin.password }
    t.equal((await post(app, '/auth/email/change/confirm', answer)).statusCode, 204)
    const { access_token } = await login(app, email, admin.password)
    t.match((await getMe(app, access_token)).json(), { email, email_verified: true })
    t.ok((await mailTo(app, 'email-changed', admin.email)).token, 'who had the address can take it back')
  })
