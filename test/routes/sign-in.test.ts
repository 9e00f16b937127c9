/** Signing in without a password. */
import t from 'tap'
import {
  getMe,
  onEachStore,
  type Person,
  post,
  refresh,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
} from '../support/app.ts'
import { askFor, countMails, registerProved } from '../support/by-mail.ts'
import { mailTo } from '../support/mail.ts'

const MINUTE = 60_000
const ON = { SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' }
const CODE_INVALID = { status: 401, code: 'sign_in_code_invalid' }
const INVALID = { status: 400, code: 'one_time_token_invalid' }

const byLink = (app: TestApp, token: string) => post(app, '/auth/sign-in/link/verify', { token })
const byCode = (app: TestApp, email: string, code: string) => post(app, '/auth/sign-in/code/verify', { email, code })

async function linkFor(app: TestApp, { email }: Person, count = 1): Promise<string> {
  return (await askFor(app, '/auth/sign-in/link', email, 'sign-in-link', count)).token
}

async function codeFor(app: TestApp, { email }: Person, count = 1): Promise<string> {
  const { text = '' } = await askFor(app, '/auth/sign-in/code', email, 'sign-in-code', count)
  return /\b\d{6}\b/.exec(text)?.[0] ?? ''
}

const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0')

t.test('a link signs in once, and proves the address', async (t) => {
  const app = await startApp(t, ON)
  const person = await registerSomebody(app)
  const token = await linkFor(app, person)
  const response = await byLink(app, token)
  t.equal(response.statusCode, 200)
  const me = (await getMe(app, response.json().access_token)).json()
  t.match(me, { email: person.email, email_verified: true })
  t.match((await byLink(app, token)).json(), INVALID)
})

t.test('who registered with an address of somebody else is out when its owner signs in by mail', async (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, ...ON, ACCESS_TOKEN_TTL: '1h' })
    const ways = [
      async (person: Person) => byLink(app, await linkFor(app, person)),
      async (person: Person) => byCode(app, person.email, await codeFor(app, person)),
    ]
    for (const signIn of ways) {
      const stranger = await registerSomebody(app)
      const wanted = somebody().email
      const payload = { email: wanted }
      await app.inject({ method: 'PUT', url: '/api/v1/users/me', payload, headers: stranger.authorization })
      const { token: change } = await mailTo(app, 'email-change-confirm', wanted)
      const { token: verify } = await mailTo(app, 'email-verify', stranger.email)
      const owner = await signIn(stranger)
      t.equal((await getMe(app, owner.json().access_token)).statusCode, 200)
      t.equal((await getMe(app, stranger.access_token)).statusCode, 401, 'the session')
      t.equal((await refresh(app, stranger.refresh_token)).statusCode, 401, 'its refresh token')
      const { username, password } = stranger
      t.equal((await post(app, '/auth/login', { identifier: username, password })).statusCode, 401, 'the password')
      t.equal(
        (await post(app, '/auth/email/change/confirm', { token: change, password })).statusCode,
        400,
        'the other address',
      )
      t.match((await post(app, '/auth/email/verify', { token: verify, password })).json(), INVALID)
      const { token } = await mailTo(app, 'password-reset', stranger.email)
      const set = await post(app, '/auth/password/reset', { token, new_password: 'a phrase of the owner' })
      t.equal(set.statusCode, 204, 'the owner can set a password')
      // from now on the address is proved, and signing in by mail takes nothing away
      const again = await post(app, '/auth/login', { identifier: username, password: 'a phrase of the owner' })
      t.equal((await byLink(app, await linkFor(app, stranger, ways.indexOf(signIn) === 0 ? 2 : 1))).statusCode, 200)
      t.equal((await getMe(app, again.json().access_token)).statusCode, 200)
    }
  }),
)

t.test('of many uses of one link at once one signs in', async (t) => {
  const app = await startApp(t, ON)
  const token = await linkFor(app, await registerSomebody(app))
  const answers = await Promise.all(Array.from({ length: 30 }, () => byLink(app, token)))
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
})

t.test(
  'a link is good for 15 minutes, also after a newer one, and void when that was used or after a new password',
  async (t) => {
    const app = await startApp(t, ON)
    const [late, twice, changed] = [
      await registerSomebody(app),
      // of who has proved the address nothing else becomes void
      await registerProved(app),
      await registerSomebody(app),
    ]
    const tokens = [await linkFor(app, late), await linkFor(app, twice), await linkFor(app, changed)]
    const newer = await linkFor(app, twice, 2)
    const change = { current_password: changed.password, new_password: 'a quite different phrase' }
    await post(app, '/users/me/password', change, changed.authorization)
    t.equal((await byLink(app, tokens[1] ?? '')).statusCode, 200)
    for (const token of [newer, ...tokens.slice(1)]) t.match((await byLink(app, token)).json(), INVALID)
    app.clock.advance(15 * MINUTE)
    t.match((await byLink(app, tokens[0] ?? '')).json(), INVALID)
  },
)

t.test('a code signs in once, in any spelling of the address, for 10 minutes', async (t) => {
  const app = await startApp(t, ON)
  const [person, late] = [await registerSomebody(app), await registerSomebody(app)]
  const code = await codeFor(app, person)
  const old = await codeFor(app, late)
  const response = await byCode(app, person.email.toUpperCase(), code)
  t.equal(response.statusCode, 200)
  t.match((await getMe(app, response.json().access_token)).json(), { email: person.email, email_verified: true })
  t.match((await byCode(app, person.email, code)).json(), CODE_INVALID)
  await codeFor(app, person, 2)
  t.match((await byCode(app, person.email, code)).json(), CODE_INVALID, 'a newer one does not make it good again')
  app.clock.advance(10 * MINUTE)
  t.match((await byCode(app, late.email, old)).json(), CODE_INVALID)
})

t.test('a code is somebody’s: it is wrong for every other address', async (t) => {
  const app = await startApp(t, ON)
  const [person, other] = [await registerSomebody(app), await registerSomebody(app)]
  const code = await codeFor(app, person)
  await codeFor(app, other)
  t.match((await byCode(app, other.email, code)).json(), CODE_INVALID)
  t.match((await byCode(app, somebody().email, code)).json(), CODE_INVALID)
  t.equal((await byCode(app, person.email, code)).statusCode, 200)
})

t.test('after five wrong tries the right code is wrong too, until there is a new one', async (t) => {
  const app = await startApp(t, ON)
  const person = await registerSomebody(app)
  const code = await codeFor(app, person)
  for (let count = 0; count < 5; count += 1)
    t.match((await byCode(app, person.email, wrong(code))).json(), CODE_INVALID)
  t.match((await byCode(app, person.email, code)).json(), CODE_INVALID)
  t.equal((await byCode(app, person.email, await codeFor(app, person, 2))).statusCode, 200)
})

t.test('of 100 tries at once no more than three count, and of right ones no more than one', async (t) => {
  const app = await startApp(t, ON)
  const [person, other] = [await registerSomebody(app), await registerSomebody(app)]
  const code = await codeFor(app, person)
  const tries = (email: string, each: (index: number) => string) =>
    Promise.all(Array.from({ length: 100 }, (_, index) => byCode(app, email, each(index))))
  const searched = await tries(person.email, (index) => String(index).padStart(6, '0'))
  const lucky = searched.filter(({ statusCode }) => statusCode === 200).length
  t.ok(lucky <= 1)
  const row = await app.db.selectFrom('requested_codes').select('loose_tries').executeTakeFirst()
  if (lucky === 0) t.equal(row?.loose_tries, 3)
  t.match((await byCode(app, person.email, code)).json(), CODE_INVALID)
  const right = await codeFor(app, other)
  const same = await tries(other.email, () => right)
  t.equal(same.filter(({ statusCode }) => statusCode === 200).length, 1)
})

t.test('a code is void after a new password', async (t) => {
  const app = await startApp(t, ON)
  const person = await registerProved(app)
  const code = await codeFor(app, person)
  const change = { current_password: person.password, new_password: 'a quite different phrase' }
  t.equal((await post(app, '/users/me/password', change, person.authorization)).statusCode, 204)
  t.match((await byCode(app, person.email, code)).json(), CODE_INVALID)
})

const PAST_ALL_RULES = {
  'has another address': { email: 'other@example.org', email_key: 'other@example.org' },
  'is disabled': { disabled_at: 1 },
}

for (const [what, columns] of Object.entries(PAST_ALL_RULES))
  t.test(`what was sent is void where the account ${what}, however that came`, async (t) => {
    const app = await startApp(t, ON)
    const person = await registerProved(app)
    const [token, code] = [await linkFor(app, person), await codeFor(app, person)]
    await app.db.updateTable('users').set(columns).execute()
    t.match((await byLink(app, token)).json(), INVALID)
    t.match((await byCode(app, person.email, code)).json(), CODE_INVALID)
  })

t.test('a disabled account is sent neither, and what it was sent before is void', async (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, ...ON })
    const admin = await registerAdmin(app)
    const person = await registerSomebody(app)
    const [token, code] = [await linkFor(app, person), await codeFor(app, person)]
    const { id } = (await getMe(app, person.access_token)).json()
    await app.inject({
      method: 'PUT',
      url: `/api/v1/users/${id}`,
      payload: { disabled: true },
      headers: admin.authorization,
    })
    const before = await countMails(app)
    t.match((await byLink(app, token)).json(), INVALID)
    t.match((await byCode(app, person.email, code)).json(), CODE_INVALID)
    for (const url of ['/auth/sign-in/link', '/auth/sign-in/code', '/auth/password/forgot'])
      t.equal((await post(app, url, { email: person.email })).statusCode, 202)
    t.equal(await countMails(app), before)
  }),
)

t.test('each is off unless it is switched on', async (t) => {
  const app = await startApp(t)
  const email = 'ada@example.org'
  const bodies = {
    '/auth/sign-in/link': { email },
    '/auth/sign-in/link/verify': { token: 'a'.repeat(43) },
    '/auth/sign-in/code': { email },
    '/auth/sign-in/code/verify': { email, code: '000000' },
  }
  for (const [url, body] of Object.entries(bodies))
    t.match((await post(app, url, body)).json(), { status: 404, code: 'feature_disabled' }, url)
})

t.test(
  'what was asked for before a crash is sent by whoever starts next, and what cannot be granted holds up nobody',
  async (t) => {
    const app = await startApp(t, ON)
    const [earlier, person] = [await registerSomebody(app), await registerSomebody(app)]
    const row = { kind: 'sign-in-link', origin: '{}', created_at: app.now() }
    for (const wanted of ['no JSON', ...[earlier, person].map(({ email }) => JSON.stringify({ email }))])
      await app.db
        .insertInto('mail_requests')
        .values({ ...row, wanted })
        .execute()
    await app.listen({ port: 0, host: '127.0.0.1' })
    const first = await mailTo(app, 'sign-in-link', person.email)
    t.match(app.logged(), 'a request for mail could not be granted and is dropped')
    const granted = await app.db
      .selectFrom('audit_events')
      .innerJoin('users', 'users.uid', 'audit_events.subject')
      .select('users.email')
      .where('action', '=', 'session.request')
      .orderBy('audit_events.id')
      .execute()
    t.strictSame(granted, [{ email: earlier.email }, { email: person.email }], 'who asked first is first')
    await post(app, '/auth/sign-in/link', { email: person.email })
    const second = await mailTo(app, 'sign-in-link', person.email, 2)
    t.equal((await byLink(app, first.token)).statusCode, 200)
    t.equal((await byLink(app, second.token)).statusCode, 400)
    t.equal((await app.db.selectFrom('mail_requests').select('id').execute()).length, 0)
  },
)
