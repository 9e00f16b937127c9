/** Attacks through names: look-alikes, query languages, positions. */
import t from 'tap'
import { login, post, registerAdmin, registerSomebody, somebody, startApp } from '../support/app.ts'

/** Two spellings of one name, as far as people and file systems are concerned. */
const COLLISIONS = [
  ['ada.one', 'ADA.ONE', 'case'],
  ['ada.two', 'ａｄａ.ｔｗｏ', 'full-width letters'],
  ['ada3', 'ada３', 'full-width digits'],
  ['caf\u00e9', 'cafe\u0301', 'a letter and its combining mark'],
  ['fish', '\ufb01sh', 'a ligature'],
  ['istanbul', 'ıstanbul', 'the dotless i, whose capital is I'],
  ['strasse', 'Straße', 'sharp s'],
  ['kelvin', '\u212aelvin', 'the Kelvin sign'],
  ['longs', 'long\u017f', 'the long s'],
  ['σοφος', 'ΣΟΦΟΣ', 'the final sigma'],
  ['angstrom.å', 'angstrom.\u212b', 'the Ångström sign'],
  ['ada.bold', '\u{1d400}da.bold', 'a letter of mathematics, which is a capital without a small form'],
] as const

t.test('a name that looks like a taken one is taken', async (t) => {
  const app = await startApp(t)
  for (const [username, twin, why] of COLLISIONS) {
    const person = await registerSomebody(app, { username })
    const response = await post(app, '/auth/register', somebody({ username: twin }))
    t.equal(response.statusCode, 409, why)
    t.equal(response.json().code, 'username_taken', why)
    t.ok(await login(app, twin, person.password), `${why}: either spelling signs in`)
  }
  const { email } = await registerSomebody(app)
  t.equal((await post(app, '/auth/register', somebody({ email: email.toUpperCase() }))).json().code, 'email_taken')
})

t.test('a name that nobody has is nobody’s, not even with a password of somebody', async (t) => {
  const app = await startApp(t)
  const { password } = await registerSomebody(app)
  await registerSomebody(app)
  for (const identifier of ['nobody', 'nobody@example.org']) {
    const answer = await post(app, '/auth/login', { identifier, password })
    t.equal(answer.json().code, 'invalid_credentials')
  }
})

t.test('a user name can never be read as an address, or as anything but a name', async (t) => {
  const app = await startApp(t)
  const { email } = await registerSomebody(app)
  const names = [
    email,
    'ada@',
    '@ada',
    'ada＠example.org',
    'ada﹫example.org',
    'a b c',
    'ada\u0000',
    'ada\n',
    'ada\u200b',
  ]
  for (const username of [
    ...names,
    'ada\u202egro',
    '\ud800\ud800\ud800',
    '../ada',
    'ada%',
    "ada'--",
    'ada;',
    '🦄🦄🦄',
  ]) {
    const response = await post(app, '/auth/register', somebody({ username }))
    t.equal(response.statusCode, 400, JSON.stringify(username))
    t.equal(response.json().errors[0].pointer, '/username')
    t.notOk(response.body.includes(JSON.stringify(username).slice(1, -1)), 'the value is not told back')
  }
})

const METACHARACTERS = [`'`, `"`, `' or '1'='1`, `'; drop table users; --`, '`', '\\', '%', '_', '/*', '?', '$1', ':a']

t.test('what means something to SQL means nothing here', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  for (const text of METACHARACTERS) {
    const person = await registerSomebody(app, { name: text, password: `password ${text}` })
    const headers = person.authorization
    const me = () => app.inject({ url: '/api/v1/users/me', headers })
    t.equal((await me()).json().name, text, 'stored as it is')
    await app.inject({ method: 'PUT', url: '/api/v1/users/me', payload: { name: `${text}${text}` }, headers })
    t.equal((await me()).json().name, `${text}${text}`)
    for (const identifier of [text, `${person.username}${text}`, `${person.email}${text}`]) {
      const response = await post(app, '/auth/login', { identifier, password: person.password })
      t.equal(response.json().code, 'invalid_credentials', `sign in as ${identifier}`)
    }
    for (const id of [text, `${text}/sessions`]) {
      const url = `/api/v1/users/${encodeURIComponent(id)}`
      t.equal((await app.inject({ method: 'DELETE', url, headers: admin.authorization })).statusCode, 400)
    }
    const url = `/api/v1/users?role=${encodeURIComponent(text)}`
    t.equal((await app.inject({ url, headers: admin.authorization })).statusCode, 400)
    t.equal((await post(app, '/auth/refresh', { refresh_token: text })).statusCode, 401)
  }
})

t.test('a search finds what it says: wildcards are characters', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  const search = async (q: string) => {
    const url = `/api/v1/users?q=${encodeURIComponent(q)}`
    const response = await app.inject({ url, headers: admin.authorization })
    t.equal(response.statusCode, 200, q)
    return response.json().items.map(({ name }: { name?: string }) => name)
  }
  for (const name of ['100 %', 'a_b', 'back\\slash', 'plain', "o'hara"]) await registerSomebody(app, { name })
  t.strictSame(await search('%'), ['100 %'])
  t.strictSame(await search('_'), ['a_b'])
  t.strictSame(await search('\\'), ['back\\slash'])
  t.strictSame(await search("'"), ["o'hara"])
  t.strictSame(await search('％'), ['100 %'], 'a full-width percent sign is one too')
  for (const nothing of ['%%', '\\%', 'a%b', 'p_ain', '* glob', '[a-z]'])
    t.strictSame(await search(nothing), [], nothing)
})

t.test('a cursor is a position and nothing else', async (t) => {
  const app = await startApp(t)
  const admin = await registerAdmin(app)
  for (let count = 0; count < 4; count += 1) await registerSomebody(app)
  const page = (cursor: string) =>
    app.inject({ url: `/api/v1/users?limit=2&cursor=${encodeURIComponent(cursor)}`, headers: admin.authorization })
  const encode = (text: string) => Buffer.from(text).toString('base64url')
  for (const forged of ['-1', '1 or 1=1', "1'; --", '1.5', '1e3', '0x1', ' 1', '١', 'NaN', '9'.repeat(16), 'null']) {
    const response = await page(encode(forged))
    t.equal(response.statusCode, 400, forged)
    t.equal(response.json().errors[0].pointer, '/cursor')
  }
  for (const garbage of ['!', '%00', '\u0000', '=', 'x'.repeat(65)])
    t.equal((await page(garbage)).statusCode, 400, garbage)
  t.strictSame((await page(encode('9'.repeat(15)))).json(), { items: [] }, 'beyond the end there is nothing')
  const eve = await registerSomebody(app)
  const stolen = await app.inject({ url: `/api/v1/users?cursor=${encode('1')}`, headers: eve.authorization })
  t.equal(stolen.statusCode, 403, 'a cursor grants nothing')
})
