import t from 'tap'
import type { Deps } from '../../src/deps.ts'
import { getMe, login, onEachStore, post, refresh, registerSomebody, startApp, type Tokens } from '../support/app.ts'

const GRACE = 10_000

const generationOf = async ({ db }: Pick<Deps, 'db'>, token: string) => {
  const id = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sid
  return db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
}

t.test('refresh', (t) =>
  onEachStore(t, async (t, environment) => {
    t.test('a refresh token is exchanged for a new pair, and the session goes on', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      const response = await refresh(app, person.refresh_token)
      t.equal(response.statusCode, 200)
      t.equal(response.headers['cache-control'], 'no-store')
      const pair = response.json<Tokens>()
      t.not(pair.refresh_token, person.refresh_token)
      t.not(pair.access_token, person.access_token)
      t.equal((await getMe(app, pair.access_token)).statusCode, 200)
      t.equal((await getMe(app, person.access_token)).statusCode, 200, 'the older access token lives its own life')
    })

    t.test('64 parallel refreshes with one token get one and the same successor', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      const responses = await Promise.all(Array.from({ length: 64 }, () => refresh(app, person.refresh_token)))
      t.strictSame([...new Set(responses.map(({ statusCode }) => statusCode))], [200])
      t.equal(new Set(responses.map((response) => response.json<Tokens>().refresh_token)).size, 1)
      t.equal((await generationOf(app, person.access_token)).generation, 2, 'the generation moved by exactly one')
    })

    t.test(
      'a second tab refreshing at the same moment gets the same successor, until the grace window closes',
      async (t) => {
        const app = await startApp(t, environment)
        const person = await registerSomebody(app)
        const first = (await refresh(app, person.refresh_token)).json<Tokens>()
        app.clock.advance(GRACE - 1)
        const second = await refresh(app, person.refresh_token)
        t.equal(second.statusCode, 200)
        t.equal(second.json<Tokens>().refresh_token, first.refresh_token)
        t.equal((await generationOf(app, person.access_token)).generation, 2)
      },
    )

    t.test('a replaced token after the grace window ends the session for thief and owner', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      const pair = (await refresh(app, person.refresh_token)).json<Tokens>()
      app.clock.advance(GRACE)
      const reuse = await refresh(app, person.refresh_token)
      t.equal(reuse.statusCode, 401)
      t.equal(reuse.json().code, 'refresh_token_reused')
      t.equal((await getMe(app, pair.access_token)).json().code, 'session_revoked')
      t.equal((await refresh(app, pair.refresh_token)).json().code, 'refresh_token_reused', 'the owner is told why')
      t.equal((await generationOf(app, person.access_token)).revoked_reason, 'refresh_token_reused')
    })

    t.test('a token that is ahead of its session, as after an older backup was restored, is no theft', async (t) => {
      const app = await startApp(t, environment)
      const { access_token, refresh_token } = await registerSomebody(app)
      const { id } = await generationOf(app, access_token)
      const pair = (await refresh(app, refresh_token)).json<Tokens>()
      await app.db.updateTable('sessions').set({ generation: 1 }).where('id', '=', id).execute()
      t.equal((await refresh(app, pair.refresh_token)).json().code, 'refresh_token_invalid')
      t.equal((await generationOf(app, access_token)).revoked_at, null)
      t.equal((await refresh(app, refresh_token)).statusCode, 200, 'the one that it is at goes on')
    })

    t.test('a token two generations old is theft even within the grace window', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      const second = (await refresh(app, person.refresh_token)).json<Tokens>()
      const third = (await refresh(app, second.refresh_token)).json<Tokens>()
      t.equal((await refresh(app, person.refresh_token)).json().code, 'refresh_token_reused')
      t.equal((await getMe(app, third.access_token)).statusCode, 401)
    })

    t.test('a token is good for the row that it was made for, and for none that was written with its id', async (t) => {
      const app = await startApp(t, environment)
      const { access_token, refresh_token } = await registerSomebody(app)
      const { id } = await generationOf(app, access_token)
      await app.db
        .updateTable('sessions')
        .set({ salt: '00'.repeat(16) })
        .where('id', '=', id)
        .execute()
      t.equal((await refresh(app, refresh_token)).json().code, 'refresh_token_invalid')
    })

    t.test('a token has one spelling', async (t) => {
      const app = await startApp(t, environment)
      const { refresh_token } = await registerSomebody(app)
      for (const more of ['=', '.', '!', 'A'])
        t.equal((await refresh(app, refresh_token + more)).json().code, 'refresh_token_invalid', more)
      t.equal((await refresh(app, refresh_token)).statusCode, 200)
    })

    t.test('who was disabled by hand, in the database, refreshes nothing and is let in nowhere', async (t) => {
      const app = await startApp(t, environment)
      const { username, refresh_token, access_token } = await registerSomebody(app)
      await app.db.updateTable('users').set({ disabled_at: app.now() }).where('username', '=', username).execute()
      t.equal((await refresh(app, refresh_token)).json().code, 'refresh_token_invalid')
      t.equal((await getMe(app, access_token)).statusCode, 401)
    })

    t.test('for a day a session that has expired is said to have, though others sign in', async (t) => {
      const app = await startApp(t, { ...environment, REFRESH_TOKEN_TTL: '1h', SESSION_IDLE_TTL: '1h' })
      const { refresh_token } = await registerSomebody(app)
      for (const [hours, code] of [
        [24, 'refresh_token_expired'],
        [2, 'refresh_token_invalid'],
      ] as const) {
        app.clock.advance(hours * 3_600_000)
        await registerSomebody(app)
        t.equal((await refresh(app, refresh_token)).json().code, code)
      }
    })

    t.test('theft of one session leaves the account’s others alone', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      const other = await login(app, person.email, person.password)
      await refresh(app, person.refresh_token)
      app.clock.advance(GRACE)
      await refresh(app, person.refresh_token)
      t.equal((await getMe(app, other.access_token)).statusCode, 200)
      t.equal((await refresh(app, other.refresh_token)).statusCode, 200)
    })

    t.test('after logout neither the token nor its successor refreshes', async (t) => {
      const app = await startApp(t, environment)
      const person = await registerSomebody(app)
      const pair = (await refresh(app, person.refresh_token)).json<Tokens>()
      await post(app, '/auth/logout', { refresh_token: person.refresh_token })
      t.equal((await refresh(app, pair.refresh_token)).json().code, 'refresh_token_invalid')
      t.equal((await refresh(app, person.refresh_token)).json().code, 'refresh_token_invalid')
    })
  }),
)

t.test('a session ends after its idle time', async (t) => {
  const app = await startApp(t, { SESSION_IDLE_TTL: '1h', REFRESH_TOKEN_TTL: '3h' })
  const person = await registerSomebody(app)
  t.equal(person.refresh_token_expires_in, 3600)
  app.clock.advance(3_600_000 - 1)
  const pair = (await refresh(app, person.refresh_token)).json<Tokens>()
  t.equal(pair.refresh_token_expires_in, 3600)
  app.clock.advance(3_600_000)
  t.equal((await refresh(app, pair.refresh_token)).json().code, 'refresh_token_expired')
})

t.test('a session ends at the end of its life, however busy it is', async (t) => {
  const app = await startApp(t, { SESSION_IDLE_TTL: '1h', REFRESH_TOKEN_TTL: '90m' })
  const person = await registerSomebody(app)
  app.clock.advance(80 * 60_000)
  t.equal((await refresh(app, person.refresh_token)).json().code, 'refresh_token_expired', 'idle for too long')
  const again = await login(app, person.email, person.password)
  app.clock.advance(50 * 60_000)
  const pair = (await refresh(app, again.refresh_token)).json<Tokens>()
  t.equal(pair.refresh_token_expires_in, 40 * 60)
  app.clock.advance(35 * 60_000)
  const last = (await refresh(app, pair.refresh_token)).json<Tokens>()
  t.equal(last.expires_in, 5 * 60, 'an access token does not outlive its session')
  app.clock.advance(5 * 60_000)
  t.equal((await refresh(app, last.refresh_token)).json().code, 'refresh_token_expired')
})

t.test('a token that is altered anywhere is invalid and harms nobody', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const bytes = Buffer.from(person.refresh_token.slice(4), 'base64url')
  for (let index = 0; index < bytes.length; index += 1) {
    const altered = Buffer.from(bytes)
    altered[index] = (altered[index] ?? 0) ^ 1
    const response = await refresh(app, `lkr_${altered.toString('base64url')}`)
    t.equal(response.json().code, 'refresh_token_invalid', `byte ${index}`)
  }
  t.equal((await refresh(app, person.refresh_token)).statusCode, 200)
})

t.test('what is no refresh token at all is invalid', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  for (const token of [
    'x',
    person.access_token.slice(0, 500),
    person.refresh_token.slice(4),
    `${person.refresh_token}A`,
    'lkr_'.padEnd(74, '!'),
  ]) {
    const response = await refresh(app, token)
    t.equal(response.statusCode, 401)
    t.equal(response.json().code, 'refresh_token_invalid')
    t.match(response.headers['www-authenticate'], /^Bearer/)
  }
})

t.test('a refresh token of one service is worth nothing at another', async (t) => {
  const app = await startApp(t)
  const other = await startApp(t, { JWT_KEY: 'another master key for tests, of more than 32 bytes' })
  const person = await registerSomebody(app)
  t.equal((await refresh(other, person.refresh_token)).json().code, 'refresh_token_invalid')
  t.equal((await getMe(other, person.access_token)).json().code, 'token_invalid')
  t.equal((await getMe(app, person.access_token)).statusCode, 200)
  t.equal((await refresh(app, person.refresh_token)).statusCode, 200)
})
