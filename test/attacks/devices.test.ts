/** Tokens of devices that somebody else has, and links about devices: what they touch, and what not. */
import t from 'tap'
import { digestsOfDevice } from '../../src/devices/token.ts'
import { getMe, onEachStore, type Person, post, somebody, startApp, type TestApp } from '../support/app.ts'
import { askFor, registerProved } from '../support/by-mail.ts'
import { logIn, newAddress, onDevice, TRIES_COUNT } from '../support/guessing.ts'
import { mailTo } from '../support/mail.ts'

const DAY = 86_400_000
const ON = { SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' }

type WithDevice = Person & { device_token: string }

const register = async (app: TestApp) => (await registerProved(app)) as WithDevice

const devicesOf = (app: TestApp, token: string) => {
  const digests = digestsOfDevice(app.keys.deviceKeys, token)
  return app.db.selectFrom('known_devices').selectAll().where('digest', 'in', digests).execute()
}

/** Whether the account knows the device: it is given no token then. */
async function isKnown(app: TestApp, { username, password }: Person, token: string): Promise<boolean> {
  const answer = await logIn(app, { identifier: username, password, headers: onDevice(token) })
  return answer.statusCode === 200 && !('device_token' in answer.json())
}

/** Tries the account from many addresses until whoever is not known has to wait. */
async function lockOut(app: TestApp, { username }: Person): Promise<void> {
  for (let wrong = 0; wrong < 11; ) {
    const { statusCode, headers } = await logIn(app, { identifier: username, password: 'a wrong password' })
    if (statusCode === 401) wrong += 1
    else app.clock.advance(Number(headers['retry-after']) * 1000)
  }
}

t.test('whoever signs in to an account of their own with a stolen token of a device takes nothing over', async (t) => {
  const app = await startApp(t, ON)
  const ways: Record<string, (thief: Person, headers: Record<string, string>) => ReturnType<typeof post>> = {
    login: ({ username, password }, headers) => post(app, '/auth/login', { identifier: username, password }, headers),
    registration: (_, headers) => post(app, '/auth/register', somebody(), headers),
    async link({ email }, headers) {
      const { token } = await askFor(app, '/auth/sign-in/link', email, 'sign-in-link')
      return post(app, '/auth/sign-in/link/verify', { token }, headers)
    },
    async code({ email }, headers) {
      const { text = '' } = await askFor(app, '/auth/sign-in/code', email, 'sign-in-code')
      return post(app, '/auth/sign-in/code/verify', { email, code: /\b\d{6}\b/.exec(text)?.[0] }, headers)
    },
  }
  for (const [way, signIn] of Object.entries(ways)) {
    const [victim, thief] = [await register(app), await register(app)]
    const before = await devicesOf(app, victim.device_token)
    t.equal(before.length, 1)
    const signedIn = await signIn(thief, onDevice(victim.device_token))
    t.ok(signedIn.statusCode < 300, way)
    t.strictSame(await devicesOf(app, victim.device_token), before, way)
    t.ok(await isKnown(app, victim, victim.device_token), `${way}: the victim's device goes on being known`)
    t.notOk(await isKnown(app, victim, signedIn.json().device_token), `${way}: and no other`)
  }
})

t.test('a device that was forgotten or has expired spares nobody the waits', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, ...TRIES_COUNT })
    const logInOn = ({ username, password }: Person, token: string) =>
      logIn(app, { identifier: username, password, headers: onDevice(token) })
    const ends: Record<string, (person: WithDevice) => Promise<string>> = {
      'a new password': async ({ authorization, password, username }) => {
        const other = (await logIn(app, { identifier: username, password })).json<{ device_token: string }>()
        const changed = { current_password: password, new_password: `${password} anew` }
        t.equal((await post(app, '/users/me/password', changed, authorization)).statusCode, 204)
        return other.device_token
      },
      'the link of the message': async ({ username, password, email }) => {
        const other = (await logIn(app, { identifier: username, password })).json<{ device_token: string }>()
        const { token } = await mailTo(app, 'new-device', email)
        t.equal((await post(app, '/auth/session/end', { token })).statusCode, 204)
        return other.device_token
      },
      'half a year': async ({ device_token }) => {
        app.clock.advance(180 * DAY)
        return device_token
      },
    }
    for (const [end, forget] of Object.entries(ends)) {
      const person = await register(app)
      const token = await forget(person)
      await lockOut(app, person)
      t.equal((await logInOn(person, token)).statusCode, 429, end)
    }
    const person = await register(app)
    await lockOut(app, person)
    t.equal((await logInOn(person, person.device_token)).statusCode, 200, 'one that is known does')
  }),
)

t.test('a token of a device counts as it was made, to the last bit', async (t) => {
  const app = await startApp(t)
  const { device_token } = await register(app)
  const bytes = Buffer.from(device_token.slice(4), 'base64url')
  t.equal(digestsOfDevice(app.keys.deviceKeys, device_token).length, 1)
  for (const index of bytes.keys()) {
    for (const bit of [1, 128]) {
      const forged = Buffer.from(bytes)
      forged.writeUInt8(forged.readUInt8(index) ^ bit, index)
      t.strictSame(digestsOfDevice(app.keys.deviceKeys, `lkd_${forged.toString('base64url')}`), [], `byte ${index}`)
    }
  }
})

t.test(
  'the link that ends a wait does nothing when the account has another address, however it got that',
  async (t) => {
    const app = await startApp(t, TRIES_COUNT)
    const [kept, moved] = [await register(app), await register(app)]
    for (const person of [kept, moved]) {
      await lockOut(app, person)
      const { token } = await mailTo(app, 'locked', person.email)
      const { email } = person === moved ? somebody() : person
      await app.db.updateTable('users').set({ email, email_key: email }).where('email', '=', person.email).execute()
      t.equal((await post(app, '/auth/unlock', { token })).statusCode, person === moved ? 400 : 200)
      const { username, password } = person
      t.equal((await logIn(app, { identifier: username, password })).statusCode, person === moved ? 429 : 200)
    }
  },
)

t.test(
  'the link of a message about a device ends the session that it tells of, those like it since, and no other',
  async (t) => {
    const app = await startApp(t)
    const [person, neighbour] = [await register(app), await register(app)]
    const [here, there] = [newAddress(), newAddress()]
    const begin = async (whose: Person, remoteAddress: string, agent: string) => {
      app.clock.advance(1000)
      const { username, password } = whose
      const headers = { 'user-agent': agent }
      const answer = await logIn(app, { identifier: username, password, remoteAddress, headers })
      return answer.json<{ access_token: string }>().access_token
    }
    const told = await begin(person, here, 'thief')
    const { token } = await mailTo(app, 'new-device', person.email)
    const since = await begin(person, here, 'thief')
    const others = {
      'over another address': await begin(person, there, 'thief'),
      'by another program': await begin(person, here, 'owner'),
      'of somebody else over the same address': await begin(neighbour, here, 'thief'),
      'of the registration': person.access_token,
    }
    const earlier = await begin(person, there, 'late')
    await begin(person, there, 'late')
    t.equal((await post(app, '/auth/session/end', { token })).statusCode, 204)
    for (const access_token of [told, since]) t.equal((await getMe(app, access_token)).statusCode, 401)
    for (const [which, access_token] of Object.entries({ ...others, 'of a later message': earlier }))
      t.equal((await getMe(app, access_token)).statusCode, 200, which)
  },
)

t.test('the link of a later message leaves what began before it', async (t) => {
  const app = await startApp(t)
  const person = await register(app)
  const remoteAddress = newAddress()
  const begin = async () => {
    app.clock.advance(1000)
    const { username: identifier, password } = person
    const headers = { 'user-agent': 'a program' }
    return (await logIn(app, { identifier, password, remoteAddress, headers })).json<{ access_token: string }>()
      .access_token
  }
  const first = await begin()
  // as if that device had been told of by another message
  await app.db
    .deleteFrom('known_devices')
    .where('user_id', '=', await idOf(app, person))
    .where('created_at', '=', app.now())
    .execute()
  const second = await begin()
  const { token } = await mailTo(app, 'new-device', person.email, 2)
  t.equal((await post(app, '/auth/session/end', { token })).statusCode, 204)
  t.equal((await getMe(app, second)).statusCode, 401)
  t.equal((await getMe(app, first)).statusCode, 200)
})

async function idOf(app: TestApp, { email }: Person): Promise<number> {
  return (await app.db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirstOrThrow()).id
}
