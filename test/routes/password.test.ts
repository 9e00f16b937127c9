/** A forgotten password. */
import t from 'tap'
import {
  getMe,
  login,
  onEachStore,
  post,
  refresh,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
} from '../support/app.ts'
import { askFor, countMails, recipientsOf, registerProved } from '../support/by-mail.ts'
import { newAddress } from '../support/guessing.ts'
import { mailTo } from '../support/mail.ts'
import { matchLists } from '../support/match.ts'

const HOUR = 3_600_000

const forgot = (app: TestApp, email: string, count = 1) =>
  askFor(app, '/auth/password/forgot', email, 'password-reset', count)
const reset = (app: TestApp, token: string, new_password = 'a quite different phrase') =>
  post(app, '/auth/password/reset', { token, new_password })
const INVALID = { status: 400, code: 'one_time_token_invalid' }

t.test('a link by mail sets a new password, ends every session and tells the owner', async (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, environment)
    const person = await registerSomebody(app, { name: 'Ada' })
    const other = await login(app, person.email, person.password)
    const { token, link, text } = await forgot(app, person.email)
    t.match(link, /\/reset-password\?token=/)
    t.notMatch(text, 'Ada', 'nobody has proved the address, and anybody may have given the name')
    t.equal((await getMe(app, person.access_token)).statusCode, 200, 'asking changes nothing')
    const response = await reset(app, token)
    t.strictSame([response.statusCode, response.body], [204, ''])
    for (const { access_token, refresh_token } of [person, other]) {
      t.equal((await getMe(app, access_token)).statusCode, 401)
      t.equal((await refresh(app, refresh_token)).statusCode, 401)
    }
    t.equal((await post(app, '/auth/login', { identifier: person.email, password: person.password })).statusCode, 401)
    const again = await login(app, person.email, 'a quite different phrase')
    t.equal(
      (await getMe(app, again.access_token)).json().email_verified,
      true,
      'who read the mail has proved the address',
    )
    await mailTo(app, 'password-changed', person.email)
    t.match((await reset(app, token)).json(), INVALID, 'once')
    const actions = (await app.db.selectFrom('audit_events').select('action').execute()).map(({ action }) => action)
    for (const action of ['password.forget', 'password.reset', 'email.verify']) t.ok(actions.includes(action), action)
    const proved = await registerProved(app)
    t.equal((await reset(app, (await forgot(app, proved.email)).token)).statusCode, 204)
    t.equal((await getMe(app, proved.access_token)).statusCode, 401, 'also of who had proved the address before')
  }),
)

t.test('of 100 uses of one link at once one sets the password, and 99 are refused', async (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, environment)
    const person = await registerSomebody(app)
    const { token } = await forgot(app, person.email)
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => reset(app, token, `a new password, number ${index}`)),
    )
    const winners = answers.flatMap(({ statusCode }, index) => (statusCode === 204 ? [index] : []))
    t.equal(winners.length, 1)
    const refused = answers.filter((answer) => answer.statusCode === 400 && answer.json().code === INVALID.code)
    t.equal(refused.length, 99)
    t.ok(await login(app, person.email, `a new password, number ${winners[0]}`))
    t.strictSame(await recipientsOf(app, 'password-changed'), [person.email])
  }),
)

t.test('a password that is refused leaves the link good', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const { token } = await forgot(app, person.email)
  const short = await reset(app, token, 'short')
  matchLists(t, short.json(), { code: 'password_too_short', errors: [{ pointer: '/new_password' }] })
  t.equal((await reset(app, token)).statusCode, 204)
})

t.test('a link is void: after an hour, when another one was used, after a change of password or address', async (t) => {
  const app = await startApp(t, { EMAIL_CHANGE: 'at-once' })
  const people = [
    await registerSomebody(app),
    await registerSomebody(app),
    await registerSomebody(app),
    await registerSomebody(app),
  ] as const
  const [late, twice, changed, moved] = people
  const tokens = []
  for (const { email } of people) tokens.push((await forgot(app, email)).token)
  const newer = await forgot(app, twice.email, 2)
  const { password: current_password } = changed
  const change = { current_password, new_password: 'changed by its owner' }
  t.equal((await post(app, '/users/me/password', change, changed.authorization)).statusCode, 204)
  const { email } = somebody()
  await app.inject({ method: 'PUT', url: '/api/v1/users/me', payload: { email }, headers: moved.authorization })
  t.equal((await reset(app, tokens[1] ?? '')).statusCode, 204, 'a newer one was sent')
  for (const token of [newer.token, ...tokens.slice(1)]) t.match((await reset(app, token)).json(), INVALID)
  app.clock.advance(HOUR)
  t.match((await reset(app, tokens[0] ?? '')).json(), INVALID)
  t.ok(await login(app, late.email, late.password))
})

t.test('a link that was sent with one password is void with another, even put there past all rules', async (t) => {
  const app = await startApp(t)
  const [person, other] = [await registerSomebody(app), await registerSomebody(app)]
  const { token } = await forgot(app, person.email)
  const hashes = await app.db.selectFrom('passwords').selectAll().orderBy('user_id').execute()
  const [mine, theirs] = hashes
  await app.db
    .updateTable('passwords')
    .set({ hash: theirs?.hash ?? '' })
    .where('user_id', '=', mine?.user_id ?? 0)
    .execute()
  t.match((await reset(app, token)).json(), INVALID)
  t.ok(await login(app, person.email, other.password))
})

t.test('a link that was sent to one address is void when the account has another, however it got that', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const { token } = await forgot(app, person.email)
  const { email } = somebody()
  await app.db.updateTable('users').set({ email, email_key: email }).execute()
  t.match((await reset(app, token)).json(), INVALID)
})

t.test('a token for one purpose is none for another', async (t) => {
  const app = await startApp(t, { SIGN_IN_LINK: 'on' })
  const person = await registerSomebody(app)
  const { token: verification } = await mailTo(app, 'email-verify', person.email)
  const { token } = await forgot(app, person.email)
  for (const url of [
    '/auth/email/verify',
    '/auth/email/change/confirm',
    '/auth/email/change/undo',
    '/auth/sign-in/link/verify',
  ])
    t.match((await post(app, url, { token })).json(), INVALID, url)
  t.match((await reset(app, verification)).json(), INVALID)
  const acceptance = { token, username: 'somebody.else', password: 'a quite different phrase' }
  t.match((await post(app, '/auth/invitations/accept', acceptance)).json(), INVALID)
  t.equal((await reset(app, token)).statusCode, 204)
})

t.test('a disabled account is sent nothing, and its links are void; a deleted one has none', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  const [person, gone] = [await registerSomebody(app), await registerSomebody(app)]
  const { token } = await forgot(app, person.email)
  const { token: orphan } = await forgot(app, gone.email)
  const { id } = (await getMe(app, person.access_token)).json()
  const setDisabled = (disabled: boolean) =>
    app.inject({ method: 'PUT', url: `/api/v1/users/${id}`, payload: { disabled }, headers: admin.authorization })
  await setDisabled(true)
  const before = await countMails(app)
  t.equal((await post(app, '/auth/password/forgot', { email: person.email })).statusCode, 202)
  t.equal(await countMails(app), before)
  t.match((await reset(app, token)).json(), INVALID)
  await setDisabled(false)
  t.match((await reset(app, token)).json(), INVALID, 'not even when it is enabled again')
  await app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers: gone.authorization })
  t.match((await reset(app, orphan)).json(), INVALID)
})

t.test(
  'an address is sent at most five links in an hour for strangers, three for one of them; the first one stays good',
  async (t) =>
    onEachStore(t, async (t, environment) => {
      const app = await startApp(t, { ...environment, RATE_LIMIT: 'on' })
      const person = await registerSomebody(app)
      const payload = { email: person.email.toUpperCase() }
      for (const [address, sent] of [
        [newAddress(), 3],
        [newAddress(), 5],
        [newAddress(), 5],
      ] as const) {
        for (let count = 0; count < 5; count += 1) {
          const options = {
            method: 'POST',
            url: '/api/v1/auth/password/forgot',
            payload,
            remoteAddress: address,
          } as const
          t.equal((await app.inject(options)).statusCode, 202)
        }
        t.equal((await recipientsOf(app, 'password-reset')).length, sent)
      }
      const { token } = await mailTo(app, 'password-reset', person.email)
      t.equal((await reset(app, token)).statusCode, 204)
    }),
)

t.test('the message goes to the address as its owner wrote it, not as it was typed', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  await post(app, '/auth/password/forgot', { email: person.email.replace('user', 'ＵＳＥＲ').toUpperCase() })
  t.strictSame(await recipientsOf(app, 'password-reset'), [person.email])
})
