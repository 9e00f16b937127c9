/** Attacks on access tokens. */
import t, { type Test } from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import {
  bearer,
  getMe,
  login,
  type Person,
  post,
  refresh,
  registerAdmin,
  registerSomebody,
  startApp,
} from '../support/app.ts'
import { forgeryOf, mint, spellingsOf, strangersKey, takeApart } from './mint.ts'

type App = Awaited<ReturnType<typeof startApp>>

const TOLERANCE = 5000

const verify = (app: App, token: string) => app.inject({ url: '/api/v1/auth/verify', headers: bearer(token) })

/** Both calls that look at a token refuse it, with the challenge that RFC 6750 asks for. */
async function isRefused(t: Test, app: App, token: string, what: string, code = 'token_invalid') {
  for (const response of [await getMe(app, token), await verify(app, token)]) {
    t.equal(response.statusCode, 401, what)
    t.equal(response.json().code, code, what)
    t.match(response.headers['www-authenticate'], /^Bearer realm="latchkey", error="invalid_token"/)
    t.notOk(response.headers['x-auth-subject'])
  }
}

async function isAccepted(t: Test, app: App, token: string, what: string) {
  t.equal((await getMe(app, token)).statusCode, 200, what)
  t.equal((await verify(app, token)).statusCode, 204, what)
}

t.test('a signature by anything but the key that the token names is worth nothing', async (t) => {
  const app = await startApp(t)
  const { access_token } = await registerSomebody(app)
  const { header, claims, signature } = takeApart(access_token)
  const stranger = strangersKey()
  const [published] = (await app.inject({ url: '/.well-known/jwks.json' })).json().keys
  const [head, body] = access_token.split('.')
  const forgeries = {
    'alg none': mint({ ...header, alg: 'none' }, claims, '', 'none'),
    'alg None': mint({ ...header, alg: 'None' }, claims, '', 'none'),
    'alg none with the real signature': `${mint({ ...header, alg: 'none' }, claims, '', 'none')}${signature}`,
    'no signature': `${head}.${body}.`,
    'two parts': `${head}.${body}`,
    'four parts': `${access_token}.${signature}`,
    'five parts, as if it were encrypted': `${access_token}.${body}.${signature}`,
    'the signature of other claims': `${head}.${mint(header, { ...claims, sub: 'x' }, stranger.pem).split('.')[1]}.${signature}`,
    'an altered signature': `${head}.${body}.${Buffer.from(signature, 'base64url').fill(1, 0, 1).toString('base64url')}`,
    'a signature of zeros': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
    'a DER signature of nothing': `${head}.${body}.${Buffer.from('3006020100020100', 'hex').toString('base64url')}`,
    'another key under our kid': mint(header, claims, stranger.pem),
    'a key in the header': mint({ ...header, jwk: stranger.jwk }, claims, stranger.pem),
    'only a key in the header': mint({ ...header, kid: undefined, jwk: stranger.jwk }, claims, stranger.pem),
    'a key at an address': mint(
      { ...header, jku: 'http://127.0.0.1/jwks', x5u: 'http://127.0.0.1/' },
      claims,
      stranger.pem,
    ),
    'a wrong alg over the right key': mint({ ...header, alg: 'ES384' }, claims, app.keys.current().secret),
    'whitespace inside': `${head}. ${body}.${signature}`,
  }
  for (const [what, token] of Object.entries(forgeries)) await isRefused(t, app, token, what)
  for (const secret of spellingsOf(published))
    await isRefused(t, app, mint({ ...header, alg: 'HS256' }, claims, secret, 'HS256'), 'algorithm confusion')
  await isAccepted(t, app, access_token, 'the real one')
})

t.test('a token has one spelling, and a header does not grow what is remembered of it', async (t) => {
  for (const JWT_ALG of ['ES256', 'EdDSA', 'HS256']) {
    const app = await startApp(t, { JWT_ALG })
    const { access_token } = await registerSomebody(app)
    // the same octets for a decoder that is lenient
    const last = Buffer.from(access_token.at(-1) ?? '').readUInt8()
    for (const other of [last + 1, last - 1])
      await isRefused(t, app, access_token.slice(0, -1) + String.fromCharCode(other), `${JWT_ALG}: another last letter`)
    t.equal(app.tokens.size, 0, 'none was remembered')
    const spaced = (count: number) =>
      app.inject({
        url: '/api/v1/auth/verify',
        headers: { authorization: `Bearer${' '.repeat(count)}${access_token}` },
      })
    t.equal((await spaced(9)).statusCode, 401)
    t.equal((await spaced(2)).statusCode, 204)
  }
})

t.test('a kid that is missing, foreign or no name at all leads to no key', async (t) => {
  const app = await startApp(t)
  const { access_token } = await registerSomebody(app)
  const forge = forgeryOf(app, access_token)
  const kid = app.keys.current().kid
  const kids = [undefined, null, '', 'x', 1, true, [kid], { kid }, `${kid} `, `../${kid}`, '/dev/null', `' or 1=1 --`]
  for (const foreign of [...kids, '__proto__', 'constructor', '\u0000', 'k'.repeat(2000), 'k'.repeat(10_000)])
    await isRefused(t, app, forge({}, { kid: foreign }), `kid ${JSON.stringify(foreign)?.slice(0, 30)}`)
})

t.test('a header that asks for more than we understand is refused', async (t) => {
  const app = await startApp(t)
  const forge = forgeryOf(app, (await registerSomebody(app)).access_token)
  for (const typ of ['JWT', 'jwt', 'id_token+jwt', '', undefined, null, 1, ['at+jwt']])
    await isRefused(t, app, forge({}, { typ }), `typ ${JSON.stringify(typ)}`)
  for (const crit of [['exp'], ['b64'], ['x'], [], 'exp'])
    await isRefused(t, app, forge({}, { crit, b64: true, x: 1 }), `crit ${JSON.stringify(crit)}`)
})

t.test('claims of the wrong kind are refused, even from a holder of the key', async (t) => {
  const app = await startApp(t)
  const { access_token } = await registerSomebody(app)
  const { header, claims } = takeApart(access_token)
  const { secret } = app.keys.current()
  const forge = forgeryOf(app, access_token)
  for (const claim of ['iss', 'aud', 'sub', 'sid', 'jti', 'iat', 'exp'])
    await isRefused(t, app, forge({ [claim]: undefined }), `without ${claim}`)
  for (const iss of ['http://127.0.0.1:3001', `${claims.iss}/`, '', [claims.iss], null])
    await isRefused(t, app, forge({ iss }), `iss ${JSON.stringify(iss)}`)
  for (const aud of ['another', 'latchkey ', 'LATCHKEY', '', ['another'], [], null])
    await isRefused(t, app, forge({ aud }), `aud ${JSON.stringify(aud)}`)
  for (const exp of ['9999999999', '', null, true, [claims.exp], {}])
    await isRefused(t, app, forge({ exp }), `exp ${JSON.stringify(exp)}`)
  for (const nbf of ['0', true, [0], {}]) await isRefused(t, app, forge({ nbf }), `nbf ${JSON.stringify(nbf)}`)
  for (const number of ['1e999', '-1e999', 'NaN'])
    await isRefused(
      t,
      app,
      mint(header, JSON.stringify(claims).replace(/"exp":\d+/, `"exp":${number}`), secret),
      number,
    )
  for (const payload of ['null', '[]', '"x"', '1', '', '{', '{"__proto__":{"sub":"x"}}'])
    await isRefused(t, app, mint(header, payload, secret), `claims ${payload}`)
  for (const nobody of ['', 'x', `' or '1'='1`, '00000000-0000-0000-0000-000000000000']) {
    await isRefused(t, app, forge({ sid: nobody }), `sid ${nobody}`, 'session_revoked')
    await isRefused(t, app, forge({ sub: nobody }), `sub ${nobody}`, 'session_revoked')
  }
  for (const nothing of [5, null, true, {}, []]) {
    await isRefused(t, app, forge({ sid: nothing }), `sid ${JSON.stringify(nothing)}`)
    await isRefused(t, app, forge({ sub: nothing }), `sub ${JSON.stringify(nothing)}`)
  }
})

t.test('a token ends at its exp plus the tolerance, to the millisecond', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const { claims } = takeApart(person.access_token)
  app.clock.advance(claims.exp * 1000 + TOLERANCE - 1 - app.now())
  await isAccepted(t, app, person.access_token, 'one millisecond before')
  app.clock.advance(1)
  await isRefused(t, app, person.access_token, 'on the millisecond, although it was verified before', 'token_expired')
  app.clock.advance(1)
  await isRefused(t, app, person.access_token, 'one millisecond after', 'token_expired')
  const fresh = (await refresh(app, person.refresh_token)).json().access_token
  const forge = forgeryOf(app, fresh)
  const second = Math.floor(app.now() / 1000)
  await isRefused(t, app, forge({ exp: second - 5 }), 'never seen before, and too old', 'token_expired')
  await isRefused(t, app, forge({ exp: -1 }), 'from before the epoch', 'token_expired')
})

t.test('a token begins at its nbf minus the tolerance, and its iat makes nobody wait', async (t) => {
  const app = await startApp(t)
  const forge = forgeryOf(app, (await registerSomebody(app)).access_token)
  const begin = Math.floor(app.now() / 1000) + 60
  const tokens = [forge({ nbf: begin }), forge({ iat: begin, nbf: begin })]
  await isAccepted(t, app, forge({ iat: begin }), 'of a clock that is ahead')
  app.clock.advance(begin * 1000 - TOLERANCE - 1 - app.now())
  for (const token of tokens) await isRefused(t, app, token, 'one millisecond too early')
  app.clock.advance(1)
  for (const token of tokens) await isAccepted(t, app, token, 'on the millisecond')
})

t.test('a session belongs to one account: neither id opens the other’s door', async (t) => {
  const app = await startApp(t)
  const [mine, theirs] = [await registerSomebody(app), await registerSomebody(app)]
  const { sid, sub } = takeApart(theirs.access_token).claims
  const forge = forgeryOf(app, mine.access_token)
  await isRefused(t, app, forge({ sid }), 'my sub, their session', 'session_revoked')
  await isRefused(t, app, forge({ sub }), 'their sub, my session', 'session_revoked')
})

t.test('the token of a deleted account stays dead when the name is taken again', async (t) => {
  const app = await startApp(t)
  const gone = await registerSomebody(app)
  await isAccepted(t, app, gone.access_token, 'before')
  await app.inject({ method: 'DELETE', url: '/api/v1/users/me', headers: gone.authorization })
  await isRefused(t, app, gone.access_token, 'deleted', 'session_revoked')
  const { username, email, password } = gone
  const heir = (await post(app, '/auth/register', { username, email, password })).json()
  t.not(takeApart(heir.access_token).claims.sub, takeApart(gone.access_token).claims.sub)
  await isRefused(t, app, gone.access_token, 'registered anew', 'session_revoked')
  t.equal((await refresh(app, gone.refresh_token)).json().code, 'refresh_token_invalid')
  await isAccepted(t, app, heir.access_token, 'the heir’s own')
})

t.test('only one Authorization header of one form counts', async (t) => {
  const app = await startApp(t)
  const { access_token: token } = await registerSomebody(app)
  const ask = (headers: Record<string, string>, query = '') => app.inject({ url: `/api/v1/users/me${query}`, headers })
  for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER  ${token}`])
    t.equal((await ask({ authorization })).statusCode, 200, 'the scheme is spelled without regard to case (RFC 9110)')
  const odd = ['Bearer', `Bearer Bearer ${token}`, `Bearer ${token}, Bearer ${token}`, `Bearer\t${token}`, token]
  for (const authorization of [...odd, `Bearer "${token}"`, `Basic ${token}`, `Token ${token}`, `Bearer ${token} x`]) {
    const response = await ask({ authorization })
    t.equal(response.statusCode, 401, authorization.replace(token, '…'))
    t.equal(response.json().code, 'token_invalid')
  }
  for (const elsewhere of [
    ask({}, `?access_token=${token}`),
    ask({ cookie: `access_token=${token}; token=${token}` }),
    ask({ 'x-access-token': token, 'proxy-authorization': `Bearer ${token}` }),
  ]) {
    const response = await elsewhere
    t.equal(response.json().code, 'token_missing')
    t.equal(response.headers['www-authenticate'], 'Bearer realm="latchkey"', 'no error where no token was presented')
  }
  t.notMatch(app.logged(), token)
})

t.test('an access token is no refresh token, and a refresh token is no access token', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  await isRefused(t, app, person.refresh_token, 'refresh token as access token')
  const response = await refresh(app, person.access_token.slice(0, 512))
  t.equal(response.statusCode, 401)
  t.notOk(response.json().access_token)
  await post(app, '/auth/logout', { refresh_token: person.access_token.slice(0, 512) })
  await isAccepted(t, app, person.access_token, 'nor does it sign anybody out')
})

t.test('a token that was verified before is forgotten with its key, its session and its account', async (t) => {
  const app = await startApp(t)
  const known = async (): Promise<Person> => {
    const person = await registerSomebody(app)
    await isAccepted(t, app, person.access_token, 'known')
    return person
  }
  const out = await known()
  await post(app, '/auth/logout', { refresh_token: out.refresh_token })
  await isRefused(t, app, out.access_token, 'signed out', 'session_revoked')

  const disabled = await known()
  const admin = await registerAdmin(app)
  const { sub } = takeApart(disabled.access_token).claims
  const url = `/api/v1/users/${sub}`
  await app.inject({ method: 'PUT', url, payload: { disabled: true }, headers: admin.authorization })
  await isRefused(t, app, disabled.access_token, 'disabled', 'session_revoked')

  const person = await known()
  const [head, body, signature = ''] = person.access_token.split('.')
  const altered = Buffer.from(signature, 'base64url')
  altered[5] = (altered[5] ?? 0) ^ 1
  await isRefused(t, app, `${head}.${body}.${altered.toString('base64url')}`, 'the claims of a known token, altered')
  const [, foreign] = admin.access_token.split('.')
  await isRefused(t, app, `${head}.${foreign}.${signature}`, 'the end of a known token under other claims')

  await app.keys.rotate(OPERATOR, app.now())
  await isAccepted(t, app, person.access_token, 'the key before is still believed')
  const before = app.keys.list().length
  t.equal(await app.keys.revokeOthers(OPERATOR), before - 1)
  await isRefused(t, app, person.access_token, 'its key was withdrawn')
  t.equal((await refresh(app, person.refresh_token)).statusCode, 200, 'the session goes on under the new key')
})

for (const alg of ['ES256', 'EdDSA', 'RS256', 'HS256']) {
  t.test(`${alg} works from end to end and publishes nothing secret`, async (t) => {
    const app = await startApp(t, { JWT_ALG: alg })
    const person = await registerSomebody(app)
    t.equal(takeApart(person.access_token).header['alg'], alg)
    await isAccepted(t, app, person.access_token, 'registered')
    await isAccepted(t, app, await login(app, person.email, person.password).then((pair) => pair.access_token), 'login')
    await app.keys.rotate(OPERATOR)
    const answer = await app.inject({ url: '/.well-known/jwks.json' })
    const { keys } = answer.json()
    t.equal(keys.length, alg === 'HS256' ? 0 : 2, 'the next key is published before it signs')
    for (const key of keys) {
      t.strictSame(
        Object.keys(key).filter((member) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'].includes(member)),
        [],
      )
      t.equal(key.alg, alg)
    }
    for (const { secret } of app.keys.list()) t.notOk(answer.body.includes(secret))
    const rows = JSON.stringify(await app.db.selectFrom('signing_keys').selectAll().execute())
    for (const { secret } of app.keys.list()) t.notOk(rows.includes(secret.trim()), 'sealed at rest')
    const forge = forgeryOf(app, person.access_token)
    await isAccepted(t, app, forge({}), 'what the key signs')
    for (const other of ['none', 'HS384', 'PS256', 'ES256', 'RS256', 'EdDSA', 'HS256'].filter((name) => name !== alg))
      await isRefused(t, app, forge({}, { alg: other }), `a header that says ${other}`)
    const stronger = { RS256: 'RS384', HS256: 'HS384' }[alg]
    if (!stronger) return
    const { header, claims } = takeApart(person.access_token)
    const token = mint({ ...header, alg: stronger }, claims, app.keys.current().secret, stronger)
    await isRefused(t, app, token, `our key used for ${stronger}: a key has one algorithm`)
  })
}
