/** The pages that links in messages lead to, as browsers ask for them. */
import t from 'tap'
import { PAGES } from '../../src/mail/links.ts'
import { login, post, registerAdmin, registerSomebody, somebody, startApp } from '../support/app.ts'
import { askFor } from '../support/by-mail.ts'
import { mailTo } from '../support/mail.ts'
import { alertIn, cookieOf, FORM, open, press, titleIn } from '../support/pages.ts'

t.test('a link can be opened as often as one likes, and the button verifies the address', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const { link, token } = await mailTo(app, 'email-verify', person.email)
  t.match(link, /^http:\/\/[^/]+\/verify-email\?token=/)
  const verified = async () =>
    (await app.inject({ url: '/api/v1/users/me', headers: person.authorization })).json().email_verified
  for (let times = 0; times < 3; times += 1) t.match(await open(app, 'verify-email', token), { statusCode: 200 })
  t.equal((await app.inject({ method: 'HEAD', url: `/verify-email?token=${token}` })).statusCode, 200)
  t.equal(await verified(), false, 'programs that follow links change nothing')
  const asked = await press(app, 'verify-email', { token })
  t.equal(asked.statusCode, 403)
  t.notOk(alertIn(asked.body), 'a question is no failure')
  t.match(asked.body, 'name="password" type="password" value="" autocomplete="current-password"')
  t.match(asked.body, 'name="new_password" type="password" value="" autocomplete="new-password"')
  t.equal(asked.body.match(/<form/g)?.length, 2)
  const wrong = await press(app, 'verify-email', { token, password: 'another password' })
  t.match(alertIn(wrong.body), 'not the password')
  const short = await press(app, 'verify-email', { token, new_password: 'short' })
  t.match(alertIn(short.body), 'too short')
  t.equal(short.body.match(/<form/g)?.length, 2)
  t.equal(await verified(), false)
  const answer = await press(app, 'verify-email', { token, password: person.password })
  t.equal(answer.statusCode, 200)
  t.equal(titleIn(answer.body), 'The address is verified')
  t.equal(await verified(), true)
  const again = await press(app, 'verify-email', { token })
  t.equal(again.statusCode, 400)
  t.match(alertIn(again.body), 'The link has been used')
  t.notMatch(again.body, '<form', 'another try would do no better')
  t.notMatch(app.logged(), token)
})

t.test('the browser that registered needs no password beside the link, and no other one is taken for it', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'verify-first' })
  const person = somebody()
  const { headers } = await post(app, '/auth/register', person)
  t.match(headers['set-cookie'], /^latchkey_asked=lkq_[\w-]{43}; Path=\/; Max-Age=259200; HttpOnly; SameSite=Strict$/)
  const { headers: others } = await post(app, '/auth/register', somebody())
  await app.mailRequests.settle()
  const { token } = await mailTo(app, 'email-verify', person.email)
  t.equal((await press(app, 'verify-email', { token }, { cookie: cookieOf(others) })).statusCode, 403)
  const cookie = `a=b; ${cookieOf(headers)}; c=d`
  t.equal((await press(app, 'verify-email', { token }, { cookie })).statusCode, 200)
  await login(app, person.username, person.password)
  const secure = await startApp(t, { PUBLIC_URL: 'https://login.example.org' })
  const registered = await post(secure, '/auth/register', somebody())
  t.match(String(registered.headers['set-cookie']), /__Host-latchkey_asked=lkq_[\w-]{43}; Path=\/; .*; Secure/)
})

t.test('who did not register sets a password on the page, and is asked for a name that is free', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'verify-first' })
  const [first, second] = [somebody(), somebody()]
  for (const registration of [first, { ...second, username: first.username }])
    await post(app, '/auth/register', registration)
  await app.mailRequests.settle()
  const early = await mailTo(app, 'email-verify', first.email)
  await press(app, 'verify-email', { token: early.token, password: first.password })
  const { token } = await mailTo(app, 'email-verify', second.email)
  const new_password = 'a phrase of the owner'
  const taken = await press(app, 'verify-email', { token, new_password })
  t.equal(taken.statusCode, 409)
  t.match(taken.body, 'name="username"')
  t.match(taken.body, 'name="new_password"')
  t.notMatch(taken.body, 'name="password"')
  const done = await press(app, 'verify-email', { token, new_password, username: second.username })
  t.equal(done.statusCode, 200)
  await login(app, second.email, new_password)
  t.equal((await post(app, '/auth/login', { identifier: second.email, password: second.password })).statusCode, 401)
})

t.test('a forgotten password is set on the page, and one that is refused is asked for again', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const { token } = await askFor(app, '/auth/password/forgot', person.email, 'password-reset')
  const page = await open(app, 'reset-password', token)
  t.match(
    page.body,
    '<input id="new_password" name="new_password" type="password" value="" autocomplete="new-password"',
  )
  const short = await press(app, 'reset-password', { token, new_password: 'short' })
  t.equal(short.statusCode, 400)
  t.match(alertIn(short.body), 'too short')
  t.match(short.body, `name="token" value="${token}"`)
  t.notMatch(short.body, 'value="short"', 'a password is not sent back')
  const missing = await press(app, 'reset-password', { token, new_password: '' })
  t.equal(missing.statusCode, 400)
  const new_password = 'pas süß & 100 % + more 🔑'
  t.match(await press(app, 'reset-password', { token, new_password }), { statusCode: 200 })
  await login(app, person.username, new_password)
})

t.test('an invitation is accepted on the page, in the language of the browser', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  const { email, username, password } = somebody()
  await post(app, '/invitations', { email }, admin.authorization)
  const { token } = await mailTo(app, 'invitation', email)
  const german = { 'accept-language': 'de-AT,de;q=0.9,en;q=0.8' }
  const refused = await press(app, 'accept-invitation', { token, username: '<b>Ada', name: '"><i>', password }, german)
  t.equal(refused.statusCode, 400)
  t.equal(titleIn(refused.body), 'Einladung annehmen')
  t.match(alertIn(refused.body), /^Benutzername: /)
  t.match(refused.body, 'value="&lt;b&gt;Ada"')
  t.match(refused.body, 'value="&quot;&gt;&lt;i&gt;"')
  const taken = await press(app, 'accept-invitation', { token, username: admin.username, password }, german)
  t.equal(taken.statusCode, 409)
  t.match(alertIn(taken.body), 'vergeben')
  t.match(await press(app, 'accept-invitation', { token, username, name: '', password }, german), { statusCode: 200 })
  const tokens = await login(app, username, password)
  const me = await app.inject({ url: '/api/v1/users/me', headers: { authorization: `Bearer ${tokens.access_token}` } })
  t.match(me.json(), { email, locale: 'de', email_verified: true })
})

t.test('a new address is confirmed on one page, and taken back on another', async (t) => {
  const app = await startApp(t, { EMAIL_CHANGE: 'confirm' })
  const person = await registerSomebody(app)
  const verification = await mailTo(app, 'email-verify', person.email)
  const { password } = person
  await press(app, 'verify-email', { token: verification.token, password })
  const { email } = somebody()
  const me = async () => (await app.inject({ url: '/api/v1/users/me', headers: person.authorization })).json()
  const change = { method: 'PUT', url: '/api/v1/users/me', payload: { email }, headers: person.authorization } as const
  const { headers } = await app.inject(change)
  const confirmation = await mailTo(app, 'email-change-confirm', email)
  t.match(confirmation.link, '/confirm-email-change?token=')
  await open(app, 'confirm-email-change', confirmation.token)
  t.equal((await me()).email, person.email)
  const asked = await press(app, 'confirm-email-change', { token: confirmation.token })
  t.equal(asked.statusCode, 403)
  t.match(asked.body, 'That of the account which is to have this address.')
  t.equal((await me()).email, person.email)
  const wrong = await press(app, 'confirm-email-change', { token: confirmation.token, password: 'another password' })
  t.match(alertIn(wrong.body), 'not the password')
  const browser = { cookie: cookieOf(headers) }
  t.match(await press(app, 'confirm-email-change', { token: confirmation.token }, browser), { statusCode: 200 })
  t.equal((await me()).email, email)
  const notice = await mailTo(app, 'email-changed', person.email)
  t.match(notice.link, '/undo-email-change?token=')
  await open(app, 'undo-email-change', notice.token)
  t.equal((await me()).email, email)
  t.match(await press(app, 'undo-email-change', { token: notice.token }), { statusCode: 200 })
  const { token } = await mailTo(app, 'password-reset', person.email)
  await press(app, 'reset-password', { token, new_password: 'the owner’s own new words' })
  await login(app, person.email, 'the owner’s own new words')
})

t.test('a name that was taken before the link was opened is asked for again', async (t) => {
  const app = await startApp(t, { REGISTRATION: 'verify-first' })
  const [first, second] = [somebody(), somebody()]
  for (const registration of [first, { ...second, username: first.username }])
    t.equal((await post(app, '/auth/register', registration)).statusCode, 202)
  await app.mailRequests.settle()
  const early = await mailTo(app, 'email-verify', first.email)
  const { token } = await mailTo(app, 'email-verify', second.email)
  t.notMatch((await open(app, 'verify-email', token)).body, 'name="username"')
  t.equal((await press(app, 'verify-email', { token: early.token, password: first.password })).statusCode, 200)
  const { password } = second
  const taken = await press(app, 'verify-email', { token, password })
  t.equal(taken.statusCode, 409)
  t.match(alertIn(taken.body), 'is taken')
  t.match(taken.body, '<input id="username" name="username" type="text"')
  t.equal(taken.body.match(/id="username"/g)?.length, 1)
  const unfit = await press(app, 'verify-email', { token, password, username: 'a b' })
  t.match(unfit.body, 'value="a b"', 'what was typed is still there')
  t.equal((await press(app, 'verify-email', { token, password, username: second.username })).statusCode, 200)
  await login(app, second.username, second.password)
})

t.test('signing in by a link takes a click, and shows the tokens outside production only', async (t) => {
  const app = await startApp(t, { SIGN_IN_LINK: 'on' })
  const person = await registerSomebody(app)
  const { token } = await askFor(app, '/auth/sign-in/link', person.email, 'sign-in-link')
  await open(app, 'sign-in', token)
  const answer = await press(app, 'sign-in', { token })
  t.equal(answer.statusCode, 200)
  const [, access = ''] = /<textarea id="access_token"[^>]*>([^<]+)</.exec(answer.body) ?? []
  t.match(await app.inject({ url: '/api/v1/users/me', headers: { authorization: `Bearer ${access}` } }), {
    statusCode: 200,
  })

  const SMTP = { SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'a@b.example' }
  const production = await startApp(t, { SIGN_IN_LINK: 'on', NODE_ENV: 'production', ...SMTP })
  const page = await open(production, 'sign-in')
  t.equal(page.statusCode, 200)
  t.match(page.body, 'meant for an application')
  t.notMatch(page.body, '<form')
  t.equal((await production.inject({ method: 'POST', url: '/sign-in' })).statusCode, 405)
})

t.test('every page speaks the language that the browser asks for', async (t) => {
  const app = await startApp(t, { SIGN_IN_LINK: 'on', SERVICE_NAME: 'Tom & <Jerry>' })
  for (const page of PAGES) {
    const titles = new Set<string | undefined>()
    for (const [accepted, language] of [
      ['de', 'de'],
      ['en-GB,de;q=0.1', 'en'],
      ['fr;q=1,de;q=0.8,en;q=0.5', 'de'],
      ['de;q=0,*', 'en'],
      ['\u00ff;;q=x,,', 'en'],
    ] as const) {
      const { body, statusCode } = await open(app, page, 'a-token', { 'accept-language': accepted })
      t.equal(statusCode, 200, page)
      t.match(body, `<html lang="${language}">`, `${page}: ${language}`)
      t.match(body, 'Tom &amp; &lt;Jerry&gt;')
      titles.add(titleIn(body))
    }
    t.equal(titles.size, 2, page)
  }
})

const OWN = { 'sec-fetch-site': 'same-origin' }

t.test('what is no form of the page’s own is refused in words, with the status that it has', async (t) => {
  const app = await startApp(t)
  const send = (payload: string | Buffer, type = FORM['content-type']) =>
    app.inject({ method: 'POST', url: '/reset-password', headers: { ...FORM, 'content-type': type }, payload })
  for (const [what, response, status] of [
    ['JSON', await send('{"token":"t","new_password":"p"}', 'application/json'), 415],
    ['no body', await app.inject({ method: 'POST', url: '/reset-password', headers: OWN }), 400],
    ['an unknown field', await send('token=t&new_password=long%20enough&admin=1'), 400],
    ['a field twice', await send('token=t&token=u&new_password=long%20enough'), 400],
    ['bytes that are no UTF-8', await send('token=t&new_password=%ff%fe%ff%fe%ff%fe'), 400],
    ['raw bytes that are none', await send(Buffer.from('token=t&new_password=\xff\xfe', 'latin1')), 400],
    ['a broken escape', await send('token=%&new_password=long%20enough'), 400],
    ['a prototype', await send('__proto__=x&token=t&new_password=long%20enough'), 400],
    ['far too much', await send(`token=t&new_password=${'x'.repeat(20_000)}`), 413],
    ['a link without a token', await app.inject({ url: '/reset-password' }), 400],
    ['a link with two', await app.inject({ url: '/reset-password?token=a&token=b' }), 400],
    ['a token that is too long', await app.inject({ url: `/reset-password?token=${'x'.repeat(200)}` }), 400],
  ] as const) {
    t.equal(response.statusCode, status, what)
    t.match(response.headers['content-type'], 'text/html', what)
    t.ok(alertIn(response.body), what)
  }
  const { email } = await registerSomebody(app)
  const { token } = await askFor(app, '/auth/password/forgot', email, 'password-reset')
  const twice = await send(`token=${token}&new_password=a%20long%20phrase&new_password=another%20phrase`)
  t.equal(twice.statusCode, 400, 'a field twice, with a link that is good')
  const hostile = await open(app, 'verify-email', encodeURIComponent('"><script>alert(1)</script>'))
  t.match(hostile.body, 'value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"')
})

t.test('too many tries are refused in words', async (t) => {
  const app = await startApp(t, { RATE_LIMIT: 'on', RATE_LIMITS: 'code=2/1m' })
  for (const status of [400, 400, 429]) {
    const response = await press(app, 'verify-email', { token: 'wrong' })
    t.equal(response.statusCode, status)
    t.match(response.headers['content-type'], 'text/html')
    if (status === 429) t.match(alertIn(response.body), 'too many tries')
  }
})

t.test('with a front end of the operator’s there are no pages, and links lead there', async (t) => {
  const app = await startApp(t, { APP_URL: 'https://app.example.org/account', SIGN_IN_LINK: 'on' })
  for (const page of PAGES) t.equal((await open(app, page)).statusCode, 404, page)
  const { email } = await registerSomebody(app)
  t.match(
    (await mailTo(app, 'email-verify', email)).link,
    /^https:\/\/app\.example\.org\/account\/verify-email\?token=/,
  )
})
