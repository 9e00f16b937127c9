/** Devices are known again, and the owner hears of those that were not. */
import t from 'tap'
import { MOST_DEVICES } from '../../src/devices/device.ts'
import { openAccount } from '../../src/sign-in/open-account.ts'
import { getMe, type Person, post, refresh, somebody, startApp, type TestApp } from '../support/app.ts'
import { proveFor, registerProved } from '../support/by-mail.ts'
import { logIn, newAddress, onDevice } from '../support/guessing.ts'
import { mailsOf, mailTo } from '../support/mail.ts'

const DAY = 86_400_000

type WithDevice = Person & { device_token: string }

const register = async (app: TestApp) => (await registerProved(app)) as WithDevice

/** Signs in, from an address that nobody has seen unless it says otherwise. */
async function signIn(app: TestApp, { username, password }: Person, more: Partial<Parameters<typeof logIn>[1]> = {}) {
  const answer = await logIn(app, { identifier: username, password, ...more })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return { ...answer.json<WithDevice>(), cookie: answer.headers['set-cookie'] as string | undefined }
}

const devicesOf = (app: TestApp) => app.db.selectFrom('known_devices').selectAll().execute()

/** Messages about new devices to this person so far, when all that waited has been sent. */
async function noticesTo(app: TestApp, ...people: readonly { email: string }[]): Promise<number> {
  const last = await register(app)
  await signIn(app, last)
  await mailTo(app, 'new-device', last.email)
  const addresses = people.map(({ email }) => email)
  return (await mailsOf(app, 'new-device')).filter(({ recipient }) => addresses.includes(recipient)).length
}

t.test('a device is given a token once, and is known by it', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  t.match(person.device_token, /^lkd_[\w-]{54}$/)
  const known = await signIn(app, person, { headers: onDevice(person.device_token) })
  t.equal(known.device_token, undefined)
  t.equal(known.cookie, undefined)
  const stranger = await signIn(app, person)
  t.not(stranger.device_token, person.device_token)
  t.equal((await signIn(app, person, { headers: onDevice(stranger.device_token) })).device_token, undefined)
  t.equal((await refresh(app, person.refresh_token)).json().device_token, undefined)
})

t.test('browsers keep it in a cookie that scripts cannot read', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  const { cookie = '', device_token } = await signIn(app, person)
  t.equal(cookie, `latchkey_device=${device_token}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax`)
  const sent = { cookie: `theme=dark; latchkey_device=${device_token}; x=y` }
  t.equal((await signIn(app, person, { headers: sent })).device_token, undefined)
  const secure = await startApp(t, { PUBLIC_URL: 'https://auth.example.org' })
  const { cookie: overTls } = await signIn(secure, await register(secure))
  t.match(overTls, /; SameSite=Lax; Secure$/)
})

t.test('clients of the dialects keep the cookie too', async (t) => {
  const app = await startApp(t)
  const { username, email, password } = await register(app)
  for (const [url, payload] of [
    ['/authenticate_user', { username, password }],
    ['/auth/login', { identifier: username, password }],
    ['/auth/login', { email, password }],
  ] as const) {
    const ask = (headers = {}) => app.inject({ method: 'POST', url, payload, headers, remoteAddress: newAddress() })
    const first = await ask()
    t.equal(first.statusCode, 200)
    const [cookie = ''] = String(first.headers['set-cookie']).split(';')
    t.match(cookie, /^latchkey_device=lkd_/)
    t.equal((await ask({ cookie })).headers['set-cookie'], undefined)
  }
})

t.test('what is stored opens nothing', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  const [row] = await devicesOf(app)
  t.notMatch(JSON.stringify(row), person.device_token.slice(4))
  const again = await signIn(app, person, { headers: onDevice(`lkd_${row?.digest}`) })
  t.ok(again.device_token)
})

t.test('the owner is told of a sign-in from a new device, and ends it by the link', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  const thief = await signIn(app, person, { headers: { 'user-agent': 'A <b>thief</b>' }, remoteAddress: '203.0.113.9' })
  const mail = await mailTo(app, 'new-device', person.email)
  t.match(mail.text, '203.0.113.9')
  t.notMatch(mail.html, '<b>thief</b>')
  t.equal((await getMe(app, thief.access_token)).statusCode, 200)

  t.equal((await post(app, '/auth/session/end', { token: mail.token })).statusCode, 204)
  t.equal((await getMe(app, thief.access_token)).statusCode, 401)
  t.equal((await refresh(app, thief.refresh_token)).statusCode, 401)
  t.equal((await getMe(app, person.access_token)).statusCode, 200, 'the others go on')
  const again = await post(app, '/auth/session/end', { token: mail.token })
  t.equal(again.json().code, 'one_time_token_invalid')

  const back = await signIn(app, person, { headers: onDevice(thief.device_token), remoteAddress: '203.0.113.9' })
  t.ok(back.device_token, 'the device is a stranger again')
  await mailTo(app, 'new-device', person.email, 2)
})

t.test('what a reported device has begun since ends too, since no message told of that', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  const from = { remoteAddress: newAddress(), headers: { 'user-agent': 'thief' } }
  const first = await signIn(app, person, from)
  app.clock.advance(1000)
  const headers = { ...from.headers, ...onDevice(first.device_token) }
  const second = await signIn(app, person, { ...from, headers })
  const { token } = await mailTo(app, 'new-device', person.email)
  const beside = { ...from, headers: { 'user-agent': 'the owner', ...onDevice(person.device_token) } }
  const own = await signIn(app, person, beside)
  t.equal((await post(app, '/auth/session/end', { token })).statusCode, 204)
  t.equal((await getMe(app, own.access_token)).statusCode, 200, 'but nothing of another program at that address')
  for (const { access_token } of [first, second]) t.equal((await getMe(app, access_token)).statusCode, 401)
  t.equal((await refresh(app, second.refresh_token)).statusCode, 401)
  t.equal((await getMe(app, person.access_token)).statusCode, 200, 'the others go on')
})

t.test('a program that keeps its token now and then is a stranger as a whole when it is reported', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  const from = { remoteAddress: newAddress(), headers: { 'user-agent': 'thief' } }
  const first = await signIn(app, person, from)
  app.clock.advance(1000)
  await signIn(app, person, { ...from, headers: { ...from.headers, ...onDevice(first.device_token) } })
  const second = await signIn(app, person, from)
  const { token } = await mailTo(app, 'new-device', person.email)
  t.equal((await post(app, '/auth/session/end', { token })).statusCode, 204)
  for (const { device_token } of [first, second])
    t.ok((await signIn(app, person, { headers: onDevice(device_token) })).device_token)
})

t.test('a device that was used for another account meanwhile is a stranger after the link all the same', async (t) => {
  const app = await startApp(t)
  const [person, accomplice] = [await register(app), await register(app)]
  const thief = await signIn(app, person, { headers: { 'user-agent': 'thief' } })
  const { token } = await mailTo(app, 'new-device', person.email)
  const { device_token } = await signIn(app, accomplice, { headers: onDevice(thief.device_token) })
  t.equal((await post(app, '/auth/session/end', { token })).statusCode, 204)
  const back = await signIn(app, person, { headers: onDevice(device_token) })
  t.ok(back.device_token)
  await mailTo(app, 'new-device', person.email, 2)
  t.equal((await signIn(app, person, { headers: onDevice(person.device_token) })).device_token, undefined)
})

t.test('the link of one device leaves that of another good, for seven days', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  const [one, two, three] = [await signIn(app, person), await signIn(app, person), await signIn(app, person)]
  const tokens: string[] = []
  for (const count of [1, 2, 3]) tokens.push((await mailTo(app, 'new-device', person.email, count)).token)
  const end = async (index: number) => (await post(app, '/auth/session/end', { token: tokens[index] })).statusCode
  t.equal(await end(0), 204)
  t.equal((await getMe(app, one.access_token)).statusCode, 401)
  t.equal((await getMe(app, two.access_token)).statusCode, 200)
  app.clock.advance(7 * DAY - 1)
  t.equal(await end(1), 204)
  t.equal((await refresh(app, two.refresh_token)).statusCode, 401)
  app.clock.advance(1)
  t.equal(await end(2), 400)
  t.equal((await refresh(app, three.refresh_token)).statusCode, 200)
})

t.test('nobody is told of a registration, of the first sign-in, of a known device, or of one like it', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  const made = somebody()
  await openAccount(app, made, { origin: { ip: undefined, user_agent: undefined } })
  await proveFor(app, made.email)
  const [agent, remoteAddress] = [{ 'user-agent': 'a program without memory' }, newAddress()]
  const first = await signIn(app, made as never, { headers: agent, remoteAddress })
  t.ok(first.device_token)
  await signIn(app, person, { headers: onDevice(person.device_token) })
  for (let time = 0; time < 5; time += 1) {
    const again = await signIn(app, made as never, { headers: agent, remoteAddress })
    t.ok(again.device_token, 'it could keep a token now')
  }
  t.equal((await devicesOf(app)).length, 2, 'of the program without memory there is one row')
  t.equal(await noticesTo(app, person, made), 0)
  await signIn(app, made as never, { headers: agent })
  t.equal(await noticesTo(app, made), 1)
})

t.test('a new password makes strangers of all devices but the one that asks', async (t) => {
  const app = await startApp(t)
  const [person, bystander] = [await register(app), await register(app)]
  const other = await signIn(app, person)
  await mailTo(app, 'new-device', person.email)
  const password = 'quite another phrase 77'
  const changed = await post(
    app,
    '/users/me/password',
    { current_password: person.password, new_password: password },
    { ...person.authorization, ...onDevice(person.device_token) },
  )
  t.equal(changed.statusCode, 204)
  const changedPerson = { ...person, password }
  t.equal((await signIn(app, changedPerson, { headers: onDevice(person.device_token) })).device_token, undefined)
  t.ok((await signIn(app, changedPerson, { headers: onDevice(other.device_token) })).device_token)
  const elsewhere = await signIn(app, bystander, { headers: onDevice(bystander.device_token) })
  t.equal(elsewhere.device_token, undefined, 'those of others stay known')
  await mailTo(app, 'new-device', person.email, 2)
})

t.test('one browser of several people is known to each of the last five', async (t) => {
  const app = await startApp(t)
  let cookie = ''
  const signInHere = async (person: WithDevice) => {
    const signedIn = await signIn(app, person, { headers: { cookie } })
    if (signedIn.cookie) [cookie = ''] = signedIn.cookie.split(';')
    return signedIn.device_token
  }
  const people: WithDevice[] = []
  for (let count = 0; count < 6; count += 1) people.push(await register(app))
  for (const person of people) t.ok(await signInHere(person))
  t.match(cookie, /^latchkey_device=lkd_[\w-]{54}(\.lkd_[\w-]{54}){4}$/)
  for (const person of people.slice(1)) t.equal(await signInHere(person), undefined)
  t.ok(await signInHere(people[0] as WithDevice))
})

t.test('nobody is known by a token that somebody else put into their browser', async (t) => {
  const app = await startApp(t)
  const [one, two] = [await register(app), await register(app)]
  const { device_token } = await signIn(app, two, { headers: onDevice(one.device_token) })
  t.ok(device_token, 'which is new to two')
  t.ok((await signIn(app, two, { headers: onDevice(one.device_token) })).device_token)
  t.equal((await signIn(app, one, { headers: onDevice(one.device_token) })).device_token, undefined)
  t.equal((await signIn(app, two, { headers: onDevice(device_token) })).device_token, undefined)
})

t.test('an account knows so many devices; the one unused for longest goes', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  app.clock.advance(1000)
  await signIn(app, person, { headers: onDevice(person.device_token) })
  const tokens: string[] = []
  for (let time = 0; time < MOST_DEVICES + 5; time += 1) {
    app.clock.advance(1000)
    tokens.push((await signIn(app, person)).device_token)
  }
  t.equal((await devicesOf(app)).length, MOST_DEVICES)
  const isKnown = async (token: string) =>
    (await signIn(app, person, { headers: onDevice(token) })).device_token === undefined
  t.ok(await isKnown(person.device_token), 'who has come back with the token stays before those who have not')
  t.ok(await isKnown(tokens.at(-1) ?? ''))
  t.notOk(await isKnown(tokens[0] ?? ''))
})

t.test('a device that is not used for 180 days is a stranger, and one that is stays known', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  const isKnown = async () =>
    (await signIn(app, person, { headers: onDevice(person.device_token) })).device_token === undefined
  for (let time = 0; time < 3; time += 1) {
    app.clock.advance(180 * DAY - 1)
    t.ok(await isKnown())
  }
  app.clock.advance(180 * DAY)
  t.notOk(await isKnown())
  await mailTo(app, 'new-device', person.email)
})

t.test('what is no link of a message does nothing', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  for (const url of ['/auth/session/end', '/auth/unlock'])
    for (const token of ['x', person.device_token, person.refresh_token])
      t.equal((await post(app, url, { token })).json().code, 'one_time_token_invalid')
  t.equal((await getMe(app, person.access_token)).statusCode, 200)
})
