/** Attacks with what has been withdrawn: keys, sessions, rights that a request had when it began. */

import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import t from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import { getMe, onEachStore, post, registerAdmin, registerSomebody, somebody, startApp } from '../support/app.ts'

t.test('a withdrawn key is worth nothing with the next request on any node', (t) =>
  onEachStore(t, async (t, environment) => {
    const here = await startApp(t, environment)
    const there = await startApp(t, here.environment, here.clock)
    const person = await registerSomebody(here)
    t.equal((await getMe(there, person.access_token)).statusCode, 200, 'known on the other node')
    await here.keys.rotate(OPERATOR, here.now())
    await here.keys.revokeOthers(OPERATOR)
    t.equal((await getMe(there, person.access_token)).statusCode, 401)
  }),
)

t.test('a session that was signed out on one node is over on every node before the answer is out', (t) =>
  onEachStore(t, async (t, environment) => {
    const here = await startApp(t, environment)
    const there = await startApp(t, here.environment, here.clock)
    let stale = 0
    for (let round = 0; round < 50; round += 1) {
      const { access_token, refresh_token } = await registerSomebody(here)
      t.equal((await getMe(there, access_token)).statusCode, 200)
      await post(here, '/auth/logout', { refresh_token })
      if ((await getMe(there, access_token)).statusCode !== 401) stale += 1
    }
    t.equal(stale, 0)
  }),
)

t.test('a request whose body comes after the session has ended is refused', async (t) => {
  const app = await startApp(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const admin = await registerAdmin(app)
  const body = JSON.stringify({ ...somebody(), roles: ['admin'] })
  const head =
    `POST /api/v1/users HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${admin.access_token}\r\nconnection: close\r\n` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  let guarded = () => {}
  const passedTheGuard = new Promise<void>((resolve) => {
    guarded = resolve
  })
  const { recall } = app.states
  app.states.recall = (sessionId) => {
    guarded()
    return recall(sessionId)
  }
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(head))
  await passedTheGuard
  await post(app, '/auth/logout', { refresh_token: admin.refresh_token })
  const answer = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
  socket.write(body)
  t.match(await answer, /^HTTP\/1\.1 401 .*"code":"session_revoked"/s)
  t.equal((await app.db.selectFrom('users').select('id').execute()).length, 1, 'nothing was made')
})

t.test('bytes that are not UTF-8 are refused before two passwords can become one', async (t) => {
  const app = await startApp(t)
  const { username, email } = somebody()
  const members = Buffer.from(`{"username":"${username}","email":"${email}","password":"`)
  for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
    const payload = Buffer.concat([members, Buffer.from('a password '), Buffer.from(bytes), Buffer.from('"}')])
    const headers = { 'content-type': 'application/json' }
    const response = await app.inject({ method: 'POST', url: '/api/v1/auth/register', payload, headers })
    t.equal(response.json().code, 'malformed_json')
  }
})

t.test('what cannot be seen makes no name and no address', async (t) => {
  const app = await startApp(t)
  const invisible = ['\ufe0f', '\u3164', '\u034f', '\u115f', '\u{e0100}']
  for (const mark of invisible) {
    const response = await post(app, '/auth/register', somebody({ username: `ada${mark}` }))
    t.equal(response.json().errors?.[0].pointer, '/username', JSON.stringify(mark))
  }
  t.equal((await post(app, '/auth/register', somebody({ username: '\u0301\u0301\u0301' }))).statusCode, 400)
  const unseen = invisible.map((mark) => `ada${mark}@example.org`)
  const quoted = ['"\r\nBcc: eve@example.net"@example.org', '"\u0007"@example.org']
  for (const email of [...unseen, ...quoted, 'ada@exam\u00adple.org']) {
    const response = await post(app, '/auth/register', somebody({ email }))
    t.equal(response.json().errors?.[0].pointer, '/email', JSON.stringify(email))
  }
  await registerSomebody(app, { username: 'strasse' })
  const capital = await post(app, '/auth/register', somebody({ username: 'STRA\u1e9eE' }))
  t.equal(capital.json().code, 'username_taken', 'the capital sharp s')
})
