/** Attacks on passwords: what counts as the same, as too long, as nothing, and what a refusal gives away. */
import t from 'tap'
import { login, post, registerAdmin, registerSomebody, somebody, startApp, type TestApp } from '../support/app.ts'
import { hashed } from '../support/guessing.ts'

const signIn = (app: TestApp, identifier: string, password: string) =>
  post(app, '/auth/login', { identifier, password })

const register = (app: TestApp, password: unknown) => post(app, '/auth/register', somebody({ password }))

t.test('a password has up to 256 characters, and a character is what Unicode counts as one', async (t) => {
  const app = await startApp(t)
  for (const character of ['a', 'é', '漢', '🦄']) {
    t.equal((await register(app, character.repeat(256))).statusCode, 201, `256 × ${character}`)
    t.equal((await register(app, character.repeat(257))).statusCode, 400, `257 × ${character}`)
    t.equal((await register(app, character.repeat(8))).statusCode, 201, `8 × ${character}`)
    const short = await register(app, character.repeat(7))
    t.equal(short.json().code, 'password_too_short', `7 × ${character}`)
  }
  t.equal((await register(app, 'e\u0301'.repeat(7))).json().code, 'password_too_short', 'counted as it is hashed')
  for (const none of ['', null, 12_345_678, ['a long password'], { toString: 'x' }])
    t.equal((await register(app, none)).statusCode, 400)
})

t.test('a name that nobody has costs one hash, as one that somebody has', async (t) => {
  const app = await startApp(t, { ARGON2_TIME: '100' })
  const { username } = await registerSomebody(app)
  const costs: number[] = []
  for (const name of [username, 'nobody']) {
    const [before, { sum }] = [hashed(app), app.hasher.counts.work]
    t.equal((await signIn(app, name, 'a wrong password')).statusCode, 401)
    t.equal(hashed(app) - before, 1, name)
    costs.push(app.hasher.counts.work.sum - sum)
  }
  const [known = 0, unknown = 0] = costs
  t.ok(unknown > known / 10, `${unknown} beside ${known}`)
})

t.test('passwords that differ anywhere are different passwords', async (t) => {
  const app = await startApp(t)
  const long = 'x'.repeat(254)
  const pairs = [
    ['the 256th character', `${long}ya`, `${long}yb`],
    ['the 73rd byte, where bcrypt stops', `${'x'.repeat(72)}a`, `${'x'.repeat(72)}b`],
    ['what follows a NUL', 'password\u0000a', 'password\u0000b'],
    ['a NUL at the end', 'password', 'password\u0000'],
    ['a space at the end', 'a password', 'a password '],
    ['a space at the start', 'a password', ' a password'],
    ['a line break at the end', 'a password', 'a password\n'],
    ['case', 'a password', 'A password'],
    ['a zero-width space', 'a password', 'a pass\u200bword'],
    ['the byte order mark', 'a password', '\ufeffa password'],
  ] as const
  for (const [what, password, other] of pairs) {
    const { username } = await registerSomebody(app, { password })
    t.equal((await signIn(app, username, other)).json().code, 'invalid_credentials', what)
    t.ok(await login(app, username, password), what)
  }
})

t.test('one password typed on two keyboards is one password', async (t) => {
  const app = await startApp(t)
  const spellings = [
    ['caf\u00e9 au lait', 'cafe\u0301 au lait'],
    ['ｐａｓｓｗｏｒｄ', 'password'],
    ['\u212bngstrom 1868', '\u00c5ngstrom 1868'],
    ['한국어 비밀번호', '한국어 비밀번호'.normalize('NFD')],
  ] as const
  for (const [password, twin] of spellings) {
    const { username } = await registerSomebody(app, { password })
    t.ok(await login(app, username, twin), twin)
  }
})

t.test('text that is not Unicode is refused before it can become other text', async (t) => {
  const app = await startApp(t)
  const { username, email } = somebody()
  const headers = { 'content-type': 'application/json' }
  for (const lone of ['\\ud800', '\\udfff', '\\udc00\\ud800']) {
    const payload = `{"username":"${username}","email":"${email}","password":"a password ${lone}"}`
    const response = await app.inject({ method: 'POST', url: '/api/v1/auth/register', payload, headers })
    t.equal(response.statusCode, 400, lone)
    t.strictSame(response.json().errors, [
      { location: 'body', pointer: '/password', message: 'must be well-formed text' },
    ])
  }
})

/** All that a client gets to see of an answer, but for the names of the request and of the moment. */
const shownBy = ({ statusCode, headers, body }: Awaited<ReturnType<typeof signIn>>) => {
  const { 'x-request-id': id, date: _, ...rest } = headers
  return { statusCode, headers: rest, body: body.replace(String(id), '') }
}

t.test('a refused sign-in does not tell why', async (t) => {
  const app = await startApp(t)
  const [ada, barred, keyless] = [await registerSomebody(app), await registerSomebody(app), await registerSomebody(app)]
  const admin = await registerAdmin(app)
  const barredUser = app.db.selectFrom('users').select(['id', 'uid']).where('username', '=', barred.username)
  const { uid } = await barredUser.executeTakeFirstOrThrow()
  const disable = { method: 'PUT', url: `/api/v1/users/${uid}`, payload: { disabled: true } } as const
  await app.inject({ ...disable, headers: admin.authorization })
  const keylessUser = app.db.selectFrom('users').select('id').where('username', '=', keyless.username)
  await app.db.deleteFrom('passwords').where('user_id', '=', keylessUser).execute()

  const wrong = shownBy(await signIn(app, ada.username, 'a wrong password'))
  t.equal(wrong.statusCode, 401)
  const others = {
    'an unknown name': signIn(app, 'nobody.at.all', 'a wrong password'),
    'an unknown address': signIn(app, 'nobody@example.org', 'a wrong password'),
    'a known address': signIn(app, ada.email, 'a wrong password'),
    'a name that none can have': signIn(app, "' or '1'='1", 'a wrong password'),
    'a disabled account': signIn(app, barred.username, 'a wrong password'),
    'an account without a password': signIn(app, keyless.username, keyless.password),
    'somebody else’s password': signIn(app, ada.username, barred.password),
  }
  for (const [what, response] of Object.entries(others)) t.strictSame(shownBy(await response), wrong, what)
  const told = await signIn(app, barred.username, barred.password)
  t.equal(told.json().code, 'account_disabled', 'only who knows the password learns that the account is disabled')
})

t.test('every refused sign-in costs exactly one hash', async (t) => {
  const app = await startApp(t)
  const ada = await registerSomebody(app)
  const { hasher } = app
  const hashes: string[] = []
  const { verify, verifyNothing } = hasher
  hasher.verify = (phc, password, from) => {
    hashes.push('a stored one')
    return verify(phc, password, from)
  }
  hasher.verifyNothing = (password, from) => {
    hashes.push('none')
    return verifyNothing(password, from)
  }
  await signIn(app, ada.username, 'a wrong password')
  await signIn(app, 'nobody.at.all', 'a wrong password')
  t.strictSame(hashes, ['a stored one', 'none'])
})
