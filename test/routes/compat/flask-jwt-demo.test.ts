/** The dialect `flask-jwt-demo`: its own nine tests and each row of its table, over a real port. */
import t, { type Test } from 'tap'
import { OPERATOR } from '../../../src/audit/actor.ts'
import { forgeryOf, mint, strangersKey, takeApart } from '../../attacks/mint.ts'
import { bearer, type Environment, getMe, login, onEachStore, post, registerSomebody } from '../../support/app.ts'
import { type Ask, isAnswer, openDoor } from '../../support/door.ts'

type Expected = [status: number, body: object]
const error = (status: number, sentence: string): Expected => [status, { error: sentence }]
const message = (status: number, sentence: string): Expected => [status, { message: sentence }]

const MISSING = error(400, 'Missing username or password')
const SHORT_PASSWORD = error(400, 'Password must be at least 8 characters long')
const SHORT_NAME = error(400, 'Username must be at least 4 characters long')
const TAKEN = error(400, 'Username already exists')
const WRONG = error(401, 'Invalid credentials')
const NO_TOKEN = message(401, 'Token is missing')
const BAD_TOKEN = message(401, 'Invalid or expired token')
const UNKNOWN = message(404, 'User not found')
const NO_HEADER = error(401, 'Authorization header missing or invalid')
const INVALID = error(401, 'Token is invalid or has expired')

const ada = { username: 'adal', password: 'password' }

/** Their set-up: a user, and the token of a login. */
async function start(t: Test, environment: Environment = {}) {
  const { app, ask } = await openDoor(t, environment)
  t.equal((await ask('POST', '/user', ada)).status, 201)
  return { app, ask, token: await logIn(ask) }
}

const logIn = async (ask: Ask, person: object = ada) =>
  (await ask('POST', '/authenticate_user', person)).body.token as string
const getUser = (ask: Ask, token: string) => ask('GET', '/user', undefined, bearer(token))
const validate = (ask: Ask, token: string) => ask('POST', '/validate_token', undefined, bearer(token))
const putUser = (ask: Ask, token: string, body: unknown) => ask('PUT', '/user', body, bearer(token))

t.test('their nine tests', (t) =>
  onEachStore(t, async (t, environment) => {
    t.test('create', async (t) => {
      const { ask } = await openDoor(t, environment)
      isAnswer(t, await ask('POST', '/user', ada), message(201, 'User created successfully'))
    })

    t.test('validate, by the header', async (t) => {
      const { ask, token } = await start(t, environment)
      const { status, body } = await validate(ask, token)
      t.match({ status, body }, { status: 200, body: { message: 'Token is valid', token: String } })
    })

    t.test('get', async (t) => {
      const { ask, token } = await start(t, environment)
      const { status, body } = await getUser(ask, token)
      t.match({ status, body }, { status: 200, body: { user: { id: Number, username: ada.username }, token: String } })
    })

    t.test('update', async (t) => {
      const { ask, token } = await start(t, environment)
      const { status, body } = await putUser(ask, token, { username: 'newusername', password: 'newpassword' })
      t.match({ status, body }, { status: 200, body: { message: 'User updated successfully', token: String } })
    })

    t.test('delete', async (t) => {
      const { ask, token } = await start(t, environment)
      isAnswer(t, await ask('DELETE', '/user', undefined, bearer(token)), message(200, 'User deleted successfully'))
    })

    t.test('logout, by the header', async (t) => {
      const { app, ask, token } = await start(t, environment)
      const { status, body } = await ask('POST', '/logout', undefined, bearer(token))
      t.equal(status, 200)
      t.match(JSON.stringify(body), 'User has been logout. Token has been revoked')
      t.equal(body.message, 'Logged out successfully')
      const { access_token } = await login(app, ada.username, ada.password)
      const list = await app.inject({ url: '/api/v1/users/me/sessions', headers: bearer(access_token) })
      t.equal(list.json().items.length, 1, 'the session is over, and not only its token used')
    })

    t.test('no token', async (t) => {
      const { ask } = await start(t, environment)
      isAnswer(t, await ask('GET', '/user'), NO_TOKEN)
    })

    t.test('a token that is none', async (t) => {
      const { ask } = await start(t, environment)
      isAnswer(t, await getUser(ask, 'invalid_token'), BAD_TOKEN)
    })

    t.test('replay', async (t) => {
      const { ask, token } = await start(t, environment)
      t.equal((await getUser(ask, token)).status, 200)
      isAnswer(t, await getUser(ask, token), BAD_TOKEN)
    })
  }),
)

t.test('tokens', (t) =>
  onEachStore(t, async (t, environment) => {
    t.test('of 100 parallel uses of one token exactly one succeeds', async (t) => {
      const { ask, token } = await start(t, environment)
      const uses = [getUser, validate, (ask: Ask, token: string) => putUser(ask, token, { username: 'other' })]
      const all = await Promise.all(Array.from({ length: 100 }, (_, index) => uses[index % 3]?.(ask, token)))
      t.equal(all.filter((answer) => answer?.status === 200).length, 1)
      t.equal(all.filter((answer) => answer?.status === 401).length, 99)
    })

    t.test('of 100 parallel uses at two nodes exactly one succeeds', async (t) => {
      const { app, ask, token } = await start(t, environment)
      const other = await openDoor(t, { ...environment, ...app.environment })
      const all = await Promise.all(
        Array.from({ length: 100 }, (_, index) => getUser(index % 2 ? ask : other.ask, token)),
      )
      const [done, ...more] = all.filter(({ status }) => status === 200)
      t.strictSame(more, [])
      t.equal((await getUser(other.ask, done?.body.token)).status, 200, 'and its successor is good at either')
    })

    t.test('of 50 parallel changes that are refused none uses the token up, and none gets a second one', async (t) => {
      const { app, ask, token } = await start(t, environment)
      await ask('POST', '/user', { ...ada, username: 'taken' })
      const all = await Promise.all(Array.from({ length: 50 }, () => putUser(ask, token, { username: 'taken' })))
      t.ok(all.every(({ status, body }) => [400, 401].includes(status) && !('token' in body)))
      t.equal((await getUser(ask, token)).status, 200)
      t.equal((await app.db.selectFrom('sessions').selectAll().execute()).length, 1)
    })

    t.test('each answer brings a successor that works, through every call and both places', async (t) => {
      const { app, ask, token } = await start(t, environment)
      const seen = new Set([token])
      const next = async (answer: ReturnType<Ask>) => {
        const { status, body } = await answer
        t.equal(status, 200)
        t.notOk(seen.has(body.token), 'it is a new one')
        seen.add(body.token)
        return body.token as string
      }
      let current = await next(getUser(ask, token))
      current = await next(validate(ask, current))
      current = await next(ask('POST', '/validate_token', { token: current }))
      current = await next(ask('POST', '/validate_token', { token: 'nonsense' }, bearer(current)))
      current = await next(ask('POST', '/validate_token', { token: current }, { authorization: 'Basic YTpi' }))
      current = await next(putUser(ask, current, { username: 'adalo' }))
      current = await next(putUser(ask, current, { password: 'another password' }))
      t.equal((await ask('POST', '/logout', { token: current })).status, 200, 'and a logout by the body')
      for (const used of seen) {
        isAnswer(t, await getUser(ask, used), BAD_TOKEN)
        isAnswer(t, await validate(ask, used), INVALID)
        isAnswer(t, await ask('POST', '/logout', { token: used }), INVALID)
      }
      t.equal((await app.db.selectFrom('ephemeral').selectAll().execute()).length, 0, 'nothing is left')
    })

    t.test('a token holds for 35 minutes, and so does each successor; the session moves along', async (t) => {
      const { app, ask, token } = await start(t, environment)
      const { claims } = takeApart(token)
      const at = app.clock.now()
      t.match(claims, { user_id: 1, exp: at / 1000 + 35 * 60, jti: String })
      const row = await app.db.selectFrom('ephemeral').selectAll().executeTakeFirstOrThrow()
      t.match(row, { key: `single-use:${claims.jti}`, expires_at: at + 35 * 60_000 }, 'in the database in either case')
      app.clock.advance(34 * 60_000)
      const second = (await getUser(ask, token)).body.token as string
      const { expires_at } = await app.db.selectFrom('sessions').select('expires_at').executeTakeFirstOrThrow()
      t.equal(expires_at, at + 69 * 60_000 + 5000)
      app.clock.advance(34 * 60_000)
      const third = (await getUser(ask, second)).body.token as string
      app.clock.advance(35 * 60_000 + 5000)
      isAnswer(t, await getUser(ask, third), BAD_TOKEN)
      isAnswer(t, await validate(ask, third), INVALID)
    })

    t.test('a refused change leaves the token good', async (t) => {
      const { ask, token } = await start(t, environment)
      await ask('POST', '/user', { ...ada, username: 'taken' })
      for (const [body, expected] of [
        [{ password: 'short' }, SHORT_PASSWORD],
        [{ username: 'abc' }, SHORT_NAME],
        [{ username: 'taken' }, TAKEN],
        [{ username: null }, MISSING],
        [{ password: '' }, MISSING],
        [{ username: 5 }, MISSING],
        [{}, MISSING],
        [{ other: 1 }, MISSING],
        ['{', MISSING],
        ['[]', MISSING],
        ['null', MISSING],
        ['5', MISSING],
        [undefined, MISSING],
      ] as const)
        isAnswer(t, await putUser(ask, token, body), expected, JSON.stringify(body) ?? 'no body')
      t.equal((await getUser(ask, token)).status, 200)
    })

    t.test('a new password ends every other session, and answers with a token that works', async (t) => {
      const { app, ask, token } = await start(t, environment)
      const other = await logIn(ask)
      const v1 = await login(app, ada.username, ada.password)
      const { status, body } = await putUser(ask, token, { password: 'another password' })
      t.equal(status, 200)
      isAnswer(t, await getUser(ask, other), BAD_TOKEN)
      t.equal((await getMe(app, v1.access_token)).statusCode, 401)
      t.equal((await getUser(ask, body.token)).status, 200)
      isAnswer(t, await ask('POST', '/authenticate_user', ada), WRONG)
      t.ok(await logIn(ask, { ...ada, password: 'another password' }))
    })

    t.test('a new name ends nothing', async (t) => {
      const { app, ask, token } = await start(t, environment)
      const v1 = await login(app, ada.username, ada.password)
      t.equal((await putUser(ask, token, { username: 'renamed' })).status, 200)
      t.equal((await getMe(app, v1.access_token)).json().username, 'renamed')
    })

    t.test('a deleted account’s tokens open nothing, least of all the next account', async (t) => {
      const { ask, token } = await start(t, environment)
      const other = await logIn(ask)
      t.equal((await ask('DELETE', '/user', undefined, bearer(token))).status, 200)
      await ask('POST', '/user', { ...ada, username: 'next one' })
      await ask('POST', '/user', { ...ada, username: 'next' })
      isAnswer(t, await getUser(ask, token), BAD_TOKEN)
      isAnswer(t, await getUser(ask, other), UNKNOWN)
      isAnswer(t, await putUser(ask, other, { password: 'another password' }), UNKNOWN)
      isAnswer(t, await ask('DELETE', '/user', undefined, bearer(other)), UNKNOWN)
      isAnswer(t, await validate(ask, other), INVALID)
      const { body } = await getUser(ask, await logIn(ask, { ...ada, username: 'next' }))
      t.equal(body.user.id, 2, 'numbers are not used again')
    })

    t.test('whatever ends sessions ends these: logout-all, one session, disabling', async (t) => {
      const { app, ask, token } = await start(t, environment)
      const v1 = await login(app, ada.username, ada.password)
      await post(app, '/auth/logout-all', {}, bearer(v1.access_token))
      isAnswer(t, await getUser(ask, token), BAD_TOKEN)
      isAnswer(t, await validate(ask, token), INVALID)
      const second = await logIn(ask)
      const { access_token } = await login(app, ada.username, ada.password)
      const list = await app.inject({ url: '/api/v1/users/me/sessions', headers: bearer(access_token) })
      const { id } = list.json().items.find(({ current }: { current: boolean }) => !current)
      await app.inject({ method: 'DELETE', url: `/api/v1/users/me/sessions/${id}`, headers: bearer(access_token) })
      isAnswer(t, await getUser(ask, second), BAD_TOKEN)
      const third = await logIn(ask)
      await app.db.updateTable('users').set({ disabled_at: app.clock.now() }).execute()
      isAnswer(t, await getUser(ask, third), BAD_TOKEN)
      isAnswer(t, await ask('POST', '/authenticate_user', ada), error(403, 'The account is disabled.'))
    })

    t.test('a password change that overtakes another leaves no token of the loser’s', async (t) => {
      const { ask, token } = await start(t, environment)
      const other = await logIn(ask)
      const answers = await Promise.all([
        putUser(ask, token, { password: 'the first password' }),
        putUser(ask, other, { password: 'the second password' }),
      ])
      const done = answers.filter(({ status }) => status === 200)
      t.equal(done.length, 1)
      t.equal((await getUser(ask, done[0]?.body.token)).status, 200)
    })

    t.test('two logins in one second are two sessions', async (t) => {
      const { ask, token } = await start(t, environment)
      const other = await logIn(ask)
      await ask('POST', '/logout', { token })
      t.equal((await getUser(ask, other)).status, 200)
    })
  }),
)

t.test('POST /user tells what is wrong', async (t) => {
  const { ask } = await start(t)
  for (const body of [undefined, '', '{', '{}', 'null', '[]', '5', '"x"'])
    isAnswer(t, await ask('POST', '/user', body), MISSING, body ?? 'no body')
  for (const member of ['username', 'password'])
    for (const value of [undefined, null, '', 5, [], {}])
      isAnswer(t, await ask('POST', '/user', { ...ada, [member]: value }), MISSING, member)
  isAnswer(t, await ask('POST', '/user', { ...ada, password: 'seven77' }), SHORT_PASSWORD)
  isAnswer(t, await ask('POST', '/user', { username: 'ada', password: 'short' }), SHORT_PASSWORD, 'the password first')
  isAnswer(t, await ask('POST', '/user', { ...ada, username: 'ada' }), SHORT_NAME)
  for (const username of ['adal', 'ADAL']) isAnswer(t, await ask('POST', '/user', { ...ada, username }), TAKEN)
  isAnswer(
    t,
    await ask('POST', '/user', { ...ada, username: 'ada@example.org' }),
    error(400, 'username must have only letters, digits and . _ -'),
  )
  const other = await openDoor(t, { PASSWORD_MIN_LENGTH: '12' })
  const short = error(400, 'Password must be at least 12 characters long')
  isAnswer(t, await other.ask('POST', '/user', ada), short, 'the number is that of the setting')
})

t.test('POST /authenticate_user answers with the token under both names, and tells nobody who exists', async (t) => {
  const { app, ask } = await start(t)
  const { status, body, headers } = await ask('POST', '/authenticate_user', ada)
  t.equal(status, 200)
  t.strictSame(Object.keys(body).sort(), ['access_token', 'token'])
  t.equal(body.token, body.access_token)
  t.equal(headers.get('cache-control'), 'no-store')
  let hashes = 0
  const { verify, verifyNothing } = app.hasher
  Object.assign(app.hasher, {
    verify: (...args: Parameters<typeof verify>) => {
      hashes += 1
      return verify(...args)
    },
    verifyNothing: (...args: Parameters<typeof verifyNothing>) => {
      hashes += 1
      return verifyNothing(...args)
    },
  })
  isAnswer(t, await ask('POST', '/authenticate_user', { ...ada, password: 'wrong password' }), WRONG)
  isAnswer(t, await ask('POST', '/authenticate_user', { ...ada, username: 'nobody' }), WRONG)
  t.equal(hashes, 2, 'either costs one')
  isAnswer(t, await ask('POST', '/authenticate_user', { ...ada, username: 'x'.repeat(300) }), WRONG)
  for (const nothing of [undefined, '{', '{}', '[]', { username: 'adal' }, { ...ada, password: 5 }])
    isAnswer(t, await ask('POST', '/authenticate_user', nothing), MISSING)
})

t.test('what is no good token is refused by every call, and costs the good one nothing', async (t) => {
  const { app, ask, token } = await start(t)
  const { header, claims } = takeApart(token)
  const forge = forgeryOf(app, token)
  const { access_token } = await registerSomebody(app)
  const forged = {
    'another key': mint(header, claims, strangersKey().pem),
    'their own kind': mint({ alg: 'HS256', typ: 'JWT' }, { user_id: 1, exp: claims.exp, jti: 'x' }, 'secret', 'HS256'),
    'alg none': mint({ ...header, alg: 'none' }, claims, '', 'none'),
    'an access token': access_token,
    'our kind of claims as an access token': forge({}, { typ: 'at+jwt' }),
    'an access token’s claims as our kind': mint(header, takeApart(access_token).claims, app.keys.current().secret),
    'somebody else’s number': forge({ user_id: 2 }),
    'a name for a number': forge({ user_id: '1' }),
    'another jti': forge({ jti: 'x' }),
    'no jti': forge({ jti: undefined }),
    'a jti that is none': forge({ jti: 1 }),
    'for others': forge({ aud: 'others' }),
    expired: forge({ exp: claims.iat - 60 }),
    'not yet': forge({ nbf: claims.exp }),
    'too long': 'x'.repeat(5000),
    'no JWT': 'a.b.c',
    'not even base64': 'ä ö',
  }
  for (const [what, bad] of Object.entries(forged)) {
    // the number alone is looked at after the token has been taken, which is then given back
    isAnswer(t, await ask('POST', '/validate_token', { token: bad }), INVALID, what)
    isAnswer(t, await ask('POST', '/logout', { token: bad }), INVALID, what)
    if (/^[\x21-\x7e]+$/.test(bad)) {
      isAnswer(t, await getUser(ask, bad), BAD_TOKEN, what)
      isAnswer(t, await ask('DELETE', '/user', undefined, bearer(bad)), BAD_TOKEN, what)
      isAnswer(t, await putUser(ask, bad, { username: 'stolen' }), BAD_TOKEN, what)
    }
  }
  for (const headers of [{}, { authorization: '' }, { authorization: 'Bearer' }, { authorization: `Token ${token}` }]) {
    for (const method of ['GET', 'PUT', 'DELETE']) isAnswer(t, await ask(method, '/user', undefined, headers), NO_TOKEN)
    for (const path of ['/validate_token', '/logout'])
      for (const body of [undefined, '{}', 'null', { token: '' }, { token: null }, { access_token: token }])
        isAnswer(t, await ask('POST', path, body, headers), NO_HEADER, JSON.stringify(body) ?? 'no body')
  }
  for (const path of ['/validate_token', '/logout'])
    for (const body of ['{', '[]', '5', '"x"', { token: 5 }, { token: {} }])
      isAnswer(t, await ask('POST', path, body), INVALID, JSON.stringify(body))
  const head = await app.inject({ method: 'HEAD', url: '/user', headers: bearer(token) })
  t.equal(head.statusCode, 405, 'nor does a HEAD use it up')
  t.equal((await getMe(app, token)).statusCode, 401, 'v1 does not take it')
  isAnswer(t, await ask('GET', '/auth/protected', undefined, bearer(token)), [
    401,
    { message: 'Signature verification failed' },
  ])
  const { body } = await getUser(ask, token)
  t.equal(body.user.username, ada.username)
  const moved = forgeryOf(app, body.token)({ sid: takeApart(access_token).claims.sid })
  isAnswer(t, await getUser(ask, moved), BAD_TOKEN, 'moved to another session')
})

t.test('members that the dialect does not know change nothing', async (t) => {
  const { app, ask } = await openDoor(t)
  const more = { roles: ['admin'], disabled: true, email: 'root@example.org', name: 'Root', id: 7 }
  await ask('POST', '/user', { ...ada, ...more })
  const token = await logIn(ask)
  t.equal((await putUser(ask, token, { username: 'renamed', ...more })).status, 200)
  const v1 = await login(app, 'renamed', ada.password)
  const me = (await getMe(app, v1.access_token)).json()
  t.strictSame([me.roles, 'email' in me, 'name' in me], [['user'], false, false])
})

t.test('an account without an address is at home in v1, and one without a name is here', async (t) => {
  const { app, ask } = await start(t, { EMAIL_CHANGE: 'at-once' })
  const v1 = await login(app, ada.username, ada.password)
  const put = await app.inject({
    method: 'PUT',
    url: '/api/v1/users/me',
    headers: bearer(v1.access_token),
    payload: { email: 'ada@example.org' },
  })
  t.equal(put.json().email, 'ada@example.org', 'the missing address can be added')
  t.ok(await login(app, 'ada@example.org', ada.password))
  const bob = { email: 'bob@example.org', password: 'password', name: 'Bob' }
  await ask('POST', '/auth/signup', bob)
  const { body } = await getUser(ask, await logIn(ask, { username: bob.email, password: bob.password }))
  t.strictSame(body.user, { id: 2, username: bob.email })
})

t.test('of 30 parallel sign-ups one is 201 and the others are 400', async (t) => {
  const { ask } = await openDoor(t)
  const all = await Promise.all(Array.from({ length: 30 }, () => ask('POST', '/user', ada)))
  t.equal(all.filter(({ status }) => status === 201).length, 1)
  t.equal(all.filter(({ status }) => status === 400).length, 29)
})

t.test('the last admin stays, and so does the token', async (t) => {
  const { app, ask, token } = await start(t)
  await app.db.insertInto('user_roles').values({ user_id: 1, role: 'admin' }).execute()
  const refused = await ask('DELETE', '/user', undefined, bearer(token))
  isAnswer(t, refused, error(409, 'The last active admin can neither be deleted, disabled nor demoted.'))
  t.equal((await getUser(ask, token)).status, 200)
})

t.test('a token outlives the rotation of its key', async (t) => {
  const { app, ask, token } = await start(t)
  await app.keys.rotate(OPERATOR, app.clock.now())
  app.clock.advance(34 * 60_000)
  t.equal((await getUser(ask, token)).status, 200)
})
