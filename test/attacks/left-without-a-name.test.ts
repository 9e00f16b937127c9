/** Accounts with an address and no other name, as a dialect makes them, whose address somebody else proves. */
import t from 'tap'
import { bearer, getMe, login, post, registerAdmin, somebody, startApp } from '../support/app.ts'
import { registerProved } from '../support/by-mail.ts'
import { mailTo } from '../support/mail.ts'

t.test(
  'whoever claimed an address is left with a name by which the account is signed in to, and nothing else',
  async (t) => {
    const app = await startApp(t)
    const { email, password } = somebody()
    const signedUp = await app.inject({
      method: 'POST',
      url: '/auth/signup',
      payload: { email, password, name: 'Ada' },
    })
    const { jwt_token } = signedUp.json()
    t.notOk('username' in (await getMe(app, jwt_token)).json())
    const owner = await registerProved(app)
    const authorization = owner.authorization
    await app.inject({ method: 'PUT', url: '/api/v1/users/me', payload: { email }, headers: authorization })
    const { token } = await mailTo(app, 'email-change-confirm', email)
    t.equal((await post(app, '/auth/email/change/confirm', { token }, authorization)).statusCode, 204)
    const left = (await getMe(app, jwt_token)).json()
    t.match(left, { username: /^user-[0-9a-f]{16}$/, email_verified: false })
    t.notOk('email' in left)
    const { access_token } = await login(app, left.username, password)
    t.equal(
      (await post(app, '/auth/login', { identifier: email, password })).statusCode,
      401,
      'the address is the owner’s',
    )
    const chosen = somebody().username
    const renamed = await app.inject({
      method: 'PUT',
      url: '/api/v1/users/me',
      payload: { username: chosen },
      headers: bearer(access_token),
    })
    t.match(renamed.json(), { username: chosen })
    t.match((await app.inject({ url: '/auth/user', headers: bearer(jwt_token) })).json().details, {
      name: 'Ada',
      email: '',
    })
  },
)

t.test('who has chosen a user name keeps it', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  const claimant = somebody()
  const made = await post(app, '/users', claimant, admin.authorization)
  await post(app, '/invitations', { email: claimant.email }, admin.authorization)
  const { token } = await mailTo(app, 'invitation', claimant.email)
  const { username, password } = somebody()
  t.equal((await post(app, '/auth/invitations/accept', { token, username, password })).statusCode, 201)
  const left = await app.inject({ url: `/api/v1/users/${made.json().id}`, headers: admin.authorization })
  t.match(left.json(), { username: claimant.username })
})
