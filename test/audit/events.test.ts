import t from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import {
  bearer,
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
import { askFor, registerProved } from '../support/by-mail.ts'
import { mailTo } from '../support/mail.ts'

/** What the log tells, oldest first, as `action cause actor>subject`, with the names of those who are known. */
async function told(app: TestApp, names: Record<string, string>): Promise<string[]> {
  const rows = await app.db.selectFrom('audit_events').selectAll().orderBy('id').execute()
  const name = (uid: string | null) => (uid === null ? '-' : (names[uid] ?? uid))
  return rows.map(({ action, outcome, cause, actor, subject }) =>
    [
      action,
      ...(outcome === 'failure' ? ['failed'] : []),
      ...(cause ? [cause] : []),
      `${name(actor)}>${name(subject)}`,
    ].join(' '),
  )
}

const clear = (app: TestApp) => app.db.deleteFrom('audit_events').execute()

async function uidOf(app: TestApp, token: string): Promise<string> {
  const me = await app.inject({ url: '/api/v1/users/me', headers: bearer(token) })
  return me.json<{ id: string }>().id
}

t.test('what a person does leaves events', async (t) => {
  await onEachStore(t, async (t, environment) => {
    const app = await startApp(t, environment)
    await clear(app)
    const ada = await registerSomebody(app)
    const names = { [await uidOf(app, ada.access_token)]: 'ada' }
    t.strictSame(await told(app, names), ['account.create ->ada', 'session.start ada>ada'])

    await clear(app)
    await post(app, '/auth/login', { identifier: ada.username, password: 'not the password' })
    await post(app, '/auth/login', { identifier: 'nobody.at.all', password: 'not the password' })
    t.strictSame(await told(app, names), [
      'session.start failed invalid_credentials ->ada',
      'session.start failed invalid_credentials ->-',
    ])
    const typed = JSON.stringify(await app.db.selectFrom('audit_events').selectAll().execute())
    t.notMatch(typed, /nobody\.at\.all|not the password/, 'what was typed is nowhere')

    await clear(app)
    const second = await login(app, ada.username, ada.password)
    const change = (current_password: string) =>
      post(app, '/users/me/password', { current_password, new_password: 'another password' }, ada.authorization)
    await change('not the password')
    await change(ada.password)
    t.strictSame(await told(app, names), [
      'session.start ada>ada',
      'password.change failed current_password_wrong ada>ada',
      'password.change ada>ada',
      'session.end password_changed ada>ada',
    ])
    t.equal((await refresh(app, second.refresh_token)).statusCode, 401)

    await clear(app)
    await app.inject({ method: 'PUT', url: '/api/v1/users/me', payload: { name: 'Ada' }, headers: ada.authorization })
    await refresh(app, ada.refresh_token)
    app.clock.advance(60_000)
    await refresh(app, ada.refresh_token)
    t.strictSame(await told(app, names), ['account.update ada>ada', 'session.end refresh_token_reused ->ada'])

    const third = await login(app, ada.username, 'another password')
    const fourth = await login(app, ada.username, 'another password')
    await clear(app)
    await post(app, '/auth/logout', { refresh_token: third.refresh_token })
    await post(app, '/auth/logout', { refresh_token: third.refresh_token })
    await post(app, '/auth/logout-all', {}, bearer(fourth.access_token))
    const last = await login(app, ada.username, 'another password')
    await app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers: bearer(last.access_token) })
    t.strictSame(await told(app, names), [
      'session.end logout ada>ada',
      'session.end logout_all ada>ada',
      'session.start ada>ada',
      'account.delete ada>ada',
    ])
  })
})

t.test('what is done by links that were sent leaves events', async (t) => {
  const app = await startApp(t)
  const [root, ada] = [await registerAdmin(app), await registerProved(app)]
  const [rootId, id] = [await uidOf(app, root.access_token), await uidOf(app, ada.access_token)]
  const [email, invited] = [somebody().email, somebody()]
  const show = async (url: string, template: string, to: string, more: object = {}) => {
    const { token } = await mailTo(app, template, to)
    const { statusCode, body } = await post(app, url, { token, ...more }, ada.authorization)
    t.ok(statusCode < 300, body)
  }
  await clear(app)
  await app.inject({ method: 'PUT', url: '/api/v1/users/me', payload: { email }, headers: ada.authorization })
  await show('/auth/email/change/confirm', 'email-change-confirm', email)
  await show('/auth/email/change/undo', 'email-changed', ada.email)
  await show('/auth/password/reset', 'password-reset', ada.email, { new_password: 'another password' })
  await post(app, '/invitations', { email: invited.email, roles: ['user', 'admin'] }, root.authorization)
  const { username, password } = invited
  await show('/auth/invitations/accept', 'invitation', invited.email, { username, password })
  const [account] = await app.db.selectFrom('users').select('uid').where('username', '=', username).execute()
  const names = { [rootId]: 'root', [id]: 'ada', [account?.uid ?? '']: 'bob' }
  t.strictSame(await told(app, names), [
    'email.request ada>ada',
    'email.change ada>ada',
    'email.restore ada>ada',
    'session.end email_change_undone ada>ada',
    'password.forget ->ada',
    'password.reset ada>ada',
    'invitation.create root>-',
    'account.create ->bob',
    'invitation.accept bob>bob',
    'session.start bob>bob',
  ])
})

t.test('what an admin does to others names both', async (t) => {
  const app = await startApp(t)
  const root = await registerAdmin(app)
  const bob = await registerSomebody(app)
  const uid = await uidOf(app, bob.access_token)
  const names = { [await uidOf(app, root.access_token)]: 'root', [uid]: 'bob' }
  await clear(app)
  const put = (payload: object) =>
    app.inject({ method: 'PUT', url: `/api/v1/users/${uid}`, payload, headers: root.authorization })
  await put({ disabled: true, roles: ['admin', 'user'] })
  await post(app, '/auth/login', { identifier: bob.username, password: bob.password })
  await put({ disabled: true })
  await put({ disabled: false, password: 'set by an admin' })
  await login(app, bob.username, 'set by an admin')
  await app.inject({ method: 'DELETE', url: `/api/v1/users/${uid}/sessions`, headers: root.authorization })
  t.strictSame(await told(app, names), [
    'roles.change root>bob',
    'account.disable root>bob',
    'session.end account_disabled root>bob',
    'session.start failed account_disabled ->bob',
    'password.change root>bob',
    'account.enable root>bob',
    'session.start bob>bob',
    'session.end revoked_by_admin root>bob',
  ])
})

t.test('an event tells the request, its address and its agent', async (t) => {
  const app = await startApp(t)
  await clear(app)
  const headers = { 'x-request-id': 'request-0001', 'user-agent': 'x'.repeat(300) }
  await post(app, '/auth/login', { identifier: 'nobody', password: 'not the password' }, headers)
  const [event] = await app.db.selectFrom('audit_events').selectAll().execute()
  t.match(event, { request_id: 'request-0001', ip: '127.0.0.1', user_agent: 'x'.repeat(256) })
})

t.test('the command line is the operator, and time is the system', async (t) => {
  const app = await startApp(t)
  t.strictSame(await told(app, {}), ['key.create system>-'])
  await clear(app)
  await app.keys.rotate(OPERATOR, app.now())
  await app.keys.revokeOthers(OPERATOR)
  t.strictSame(await told(app, {}), ['key.create operator>-', 'key.revoke operator>-'])
})

t.test('an event is gone with the transaction that it tells of', async (t) => {
  const app = await startApp(t)
  const root = await registerAdmin(app)
  await clear(app)
  const response = await app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers: root.authorization })
  t.equal(response.statusCode, 409, 'the last admin stays')
  t.strictSame(await told(app, {}), [])
})

t.test('the event of a sign-in says by what it began', async (t) => {
  const app = await startApp(t, { SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' })
  const { email, username, password } = await registerSomebody(app)
  await login(app, username, password)
  const { token } = await askFor(app, '/auth/sign-in/link', email, 'sign-in-link')
  await post(app, '/auth/sign-in/link/verify', { token })
  const { text = '' } = await askFor(app, '/auth/sign-in/code', email, 'sign-in-code')
  await post(app, '/auth/sign-in/code/verify', { email, code: /\b\d{6}\b/.exec(text)?.[0] ?? '' })
  const admin = await registerAdmin(app)
  const guest = somebody()
  await post(app, '/invitations', { email: guest.email }, admin.authorization)
  const invitation = await mailTo(app, 'invitation', guest.email)
  const chosen = { username: guest.username, password: guest.password }
  await post(app, '/auth/invitations/accept', { token: invitation.token, ...chosen })
  await post(app, '/auth/login', { identifier: guest.username, password: 'not the password' })
  await post(app, '/auth/sign-in/code/verify', { email: guest.email, code: '000000' })
  const { items } = (
    await app.inject({ url: '/api/v1/audit?action=session.start', headers: admin.authorization })
  ).json<{ items: { outcome: string; details: { means: string } }[] }>()
  t.strictSame(items.map(({ outcome, details }) => `${outcome} ${details.means}`).reverse(), [
    'success registration',
    'success password',
    'success link',
    'success code',
    // the administrator
    'success password',
    'success invitation',
    'failure password',
    'failure code',
  ])
})
