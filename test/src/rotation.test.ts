import t from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import { getMe, login, registerSomebody, startApp } from '../support/app.ts'

const MINUTE = 60_000

t.test('a key that signs at once takes the place of one that was to sign later', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const later = await app.keys.rotate(OPERATOR)
  const now = await app.keys.rotate(OPERATOR, app.now())
  for (const minutes of [0, 10, 10, 60]) {
    app.clock.advance(minutes * MINUTE)
    await app.keys.maintain()
    t.equal(app.keys.current().kid, now.kid)
    const { access_token } = await login(app, person.username, person.password)
    t.equal((await getMe(app, access_token)).statusCode, 200, 'what it signs is believed')
  }
  t.notOk(app.keys.list().some(({ kid }) => kid === later.kid))
})
