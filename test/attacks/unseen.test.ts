/** Mistakes that were planted once and that no test noticed: each is noticed here. */
import t from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import { changeAccount } from '../../src/sign-in/manage-account.ts'
import type { UserUpdate } from '../../src/sign-in/schema.ts'
import {
  bearer,
  getMe,
  login,
  type Person,
  post,
  refresh,
  registerAdmin,
  registerSomebody,
  somebody,
  startApp,
  type TestApp,
} from '../support/app.ts'
import { askFor } from '../support/by-mail.ts'
import { commandLine } from '../support/command-line.ts'
import { logIn, TRIES_COUNT } from '../support/guessing.ts'
import { mailTo } from '../support/mail.ts'
import { startRangeApi } from '../support/range-api.ts'

const uidOf = async (app: TestApp, username: string) =>
  (await app.db.selectFrom('users').select('uid').where('username', '=', username).executeTakeFirstOrThrow()).uid

t.test('keys that one node withdraws are believed by no other', async (t) => {
  const app = await startApp(t)
  const { access_token } = await registerSomebody(app)
  const other = await startApp(t, app.environment, app.clock)
  await app.keys.rotate(OPERATOR, app.now())
  t.equal((await getMe(other, access_token)).statusCode, 200, 'the other node has heard of the new key')
  t.equal(await app.keys.revokeOthers(OPERATOR), 1)
  const answer = await getMe(other, access_token)
  t.equal(answer.statusCode, 401)
  t.equal((await getMe(app, access_token)).statusCode, 401)
})

t.test('who is erased is erased from what they did to others too', async (t) => {
  const app = await startApp(t)
  const root = await registerAdmin(app)
  const other = await registerAdmin(app)
  const ada = await registerSomebody(app)
  const [rootId, adaId] = [await uidOf(app, root.username), await uidOf(app, ada.username)]
  const change = await app.inject({
    method: 'PUT',
    url: `/api/v1/users/${adaId}`,
    headers: { ...root.authorization, 'user-agent': 'a browser of root' },
    payload: { name: 'Ada' },
  })
  t.equal(change.statusCode, 200)
  const done = () =>
    app.db
      .selectFrom('audit_events')
      .select(['ip', 'user_agent', 'salt', 'personal'])
      .where('actor', '=', rootId)
      .where('subject', '=', adaId)
      .execute()
  const before = await done()
  t.ok(before.length > 0 && before.every(({ ip, user_agent }) => ip !== null && user_agent === 'a browser of root'))
  const url = `/api/v1/users/${rootId}`
  t.equal((await app.inject({ method: 'DELETE', url, headers: other.authorization })).statusCode, 204)
  const after = await done()
  t.equal(after.length, before.length, 'that it happened stays')
  for (const { ip, user_agent, salt, personal } of after) {
    t.strictSame([ip, user_agent, salt], [null, null, null])
    t.ok(personal)
  }
})

t.test(
  'what covers an address in the log is another text each time, so that it cannot be found by trying',
  async (t) => {
    const app = await startApp(t)
    const { username, password } = await registerSomebody(app)
    for (let time = 0; time < 3; time += 1) await login(app, username, password)
    const events = await app.db
      .selectFrom('audit_events')
      .select(['ip', 'personal'])
      .where('ip', 'is not', null)
      .execute()
    t.ok(events.length > 3)
    t.equal(new Set(events.map(({ ip }) => ip)).size, 1)
    t.equal(new Set(events.map(({ personal }) => personal)).size, events.length)
  },
)

t.test('an export lists the devices of one’s own account and no others', async (t) => {
  const app = await startApp(t)
  const [ada, bob] = [await registerSomebody(app), await registerSomebody(app)]
  for (let day = 1; day <= 3; day += 1) {
    app.clock.advance(1000)
    await login(app, bob.username, bob.password)
  }
  const token = (await login(app, ada.username, ada.password)).access_token
  const ownId = (await app.db.selectFrom('users').select('id').where('username', '=', ada.username).executeTakeFirst())
    ?.id
  const rows = await app.db.selectFrom('known_devices').select(['user_id', 'created_at']).execute()
  const own = rows.filter(({ user_id }) => user_id === ownId)
  t.ok(own.length > 0 && own.length < rows.length, 'there are others')
  const answer = await app.inject({ method: 'GET', url: '/api/v1/users/me/export', headers: bearer(token) })
  t.equal(answer.statusCode, 200)
  const { devices } = answer.json<{ devices: { known_since: string }[] }>()
  t.strictSame(
    devices.map(({ known_since }) => known_since).sort(),
    own.map(({ created_at }) => new Date(created_at).toISOString()).sort(),
  )
})

t.test('an import leaves an event, and a dry run none', async (t) => {
  const { latchkey, write, withDatabase } = commandLine(t)
  await latchkey('migrate', 'up')
  write('users.jsonl', `${JSON.stringify({ username: 'ada', email: 'ada@example.org' })}\n`)
  const imports = () =>
    withDatabase((db) =>
      db
        .selectFrom('audit_events')
        .select(['actor', 'outcome', 'details'])
        .where('action', '=', 'accounts.import')
        .execute(),
    )
  t.match(await latchkey('import', 'users.jsonl'), { code: 0 })
  t.strictSame(await imports(), [])
  t.match(await latchkey('import', 'users.jsonl', '--apply'), { code: 0 })
  const events = await imports()
  t.equal(events.length, 1)
  t.match(events[0], { actor: 'operator', outcome: 'success' })
})

/** A refresh token of a session whose id is known, by somebody who has not the key. */
function forge(token: string): string {
  const bytes = Buffer.from(token.slice('lkr_'.length), 'base64url')
  bytes.fill(7, bytes.length - 32)
  return `lkr_${bytes.toString('base64url')}`
}

t.test('a made-up refresh token ends no session', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const forged = forge(person.refresh_token)
  t.equal((await post(app, '/auth/logout', { refresh_token: forged })).statusCode, 200, 'which tells nothing')
  t.equal((await getMe(app, person.access_token)).statusCode, 200)
  t.equal((await refresh(app, forged)).statusCode, 401)
  t.equal((await refresh(app, person.refresh_token)).statusCode, 200)
  t.equal((await post(app, '/auth/logout', { refresh_token: person.refresh_token })).statusCode, 200)
  t.equal((await getMe(app, person.access_token)).statusCode, 401, 'the real one does')
})

const LEAVING: readonly (readonly [string, UserUpdate])[] = [
  ['is disabled', { disabled: true }],
  ['is no admin any more', { roles: ['user'] }],
]

for (const [what, change] of LEAVING)
  t.test(`an invitation is void when who sent it ${what}`, async (t) => {
    const app = await startApp(t, { REGISTRATION: 'invite' })
    await registerAdmin(app)
    const inviter = await registerAdmin(app)
    const { email, ...rest } = somebody()
    t.equal((await post(app, '/invitations', { email, roles: ['admin'] }, inviter.authorization)).statusCode, 201)
    const { token } = await mailTo(app, 'invitation', email)
    await changeAccount(app, await uidOf(app, inviter.username), change, OPERATOR)
    const refused = await post(app, '/auth/invitations/accept', { token, ...rest })
    t.equal(refused.statusCode, 400)
    t.equal(refused.json().code, 'one_time_token_invalid')
    t.equal((await app.db.selectFrom('users').select('id').where('email', '=', email).execute()).length, 0)
  })

const proofsOf = (app: TestApp, userId: number) =>
  app.db.selectFrom('proofs').select('purpose').where('user_id', '=', userId).execute()

t.test('what was sent to an address is void when an admin gives the account another one', async (t) => {
  const app = await startApp(t, { SIGN_IN_LINK: 'on' })
  const [admin, person] = [await registerAdmin(app), await registerSomebody(app)]
  const links = [
    await mailTo(app, 'email-verify', person.email),
    await askFor(app, '/auth/password/forgot', person.email, 'password-reset'),
    await askFor(app, '/auth/sign-in/link', person.email, 'sign-in-link'),
  ]
  const uid = await uidOf(app, person.username)
  const { id } = await app.db.selectFrom('users').select('id').where('uid', '=', uid).executeTakeFirstOrThrow()
  t.equal((await proofsOf(app, id)).length, links.length)
  const url = `/api/v1/users/${uid}`
  const payload = { email: somebody().email }
  t.equal((await app.inject({ method: 'PUT', url, payload, headers: admin.authorization })).statusCode, 200)
  t.strictSame(await proofsOf(app, id), [{ purpose: 'email-verify' }], 'the link to the new address')
  const back = { email: person.email }
  t.equal((await app.inject({ method: 'PUT', url, payload: back, headers: admin.authorization })).statusCode, 200)
  const tokens = links.map(({ token }) => token)
  const answers = [
    await post(app, '/auth/email/verify', { token: tokens[0], password: person.password }),
    await post(app, '/auth/password/reset', { token: tokens[1], new_password: 'another password' }),
    await post(app, '/auth/sign-in/link/verify', { token: tokens[2] }),
  ]
  for (const answer of answers) t.equal(answer.json().code, 'one_time_token_invalid', 'also with the old address back')
})

async function lockOut(app: TestApp, { username }: Person): Promise<void> {
  for (let wrong = 0; wrong < 11; ) {
    const { statusCode, headers } = await logIn(app, { identifier: username, password: 'a wrong password' })
    if (statusCode === 401) wrong += 1
    else app.clock.advance(Number(headers['retry-after']) * 1000)
  }
}

t.test('a link that unlocks is void when the account has another address, whoever changed it', async (t) => {
  const app = await startApp(t, TRIES_COUNT)
  const person = await registerSomebody(app)
  const users = app.db.updateTable('users').where('username', '=', person.username)
  await users.set({ email_verified_at: app.now() }).execute()
  await lockOut(app, person)
  const { token } = await mailTo(app, 'locked', person.email)
  const email = somebody().email
  // past all rules, which void the link themselves
  await users.set({ email, email_key: email }).execute()
  const refused = await post(app, '/auth/unlock', { token })
  t.equal(refused.json().code, 'one_time_token_invalid')
  t.equal((await logIn(app, { identifier: person.username, password: person.password })).statusCode, 429)
})

t.test('a name may not have characters of no width', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app, { username: 'ada.lovelace' })
  for (const mark of ['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad']) {
    const username = `ada.${mark}lovelace`
    const made = await post(app, '/auth/register', somebody({ username }))
    t.equal(made.statusCode, 400, JSON.stringify(username))
    t.equal(made.json().errors?.[0].pointer, '/username')
    const changed = await app.inject({
      method: 'PUT',
      url: '/api/v1/users/me',
      payload: { username },
      headers: person.authorization,
    })
    t.equal(changed.json().errors?.[0].pointer, '/username')
  }
})

t.test('padding of the breach API, which was found no times, is no breach', async (t) => {
  const api = await startRangeApi(t, ['a phrase that leaked'], ['a phrase of padding'])
  const app = await startApp(t, { PASSWORD_POLICY: 'strict', PASSWORD_BREACH_API: api.url })
  const register = (password: string) => post(app, '/auth/register', somebody({ password }))
  t.equal((await register('a phrase that leaked')).json().code, 'password_breached')
  t.equal((await register('a phrase of padding')).statusCode, 201)
  t.equal(app.counts.breach_api.answered, 2)
})
