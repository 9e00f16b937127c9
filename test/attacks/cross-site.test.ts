/** What another site makes a browser send neither uses nor sets a cookie, and no form of its own counts as one of ours. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { isLeftOut, post, somebody, startApp, type TestApp } from '../support/app.ts'
import { launch } from '../support/browser.ts'
import { registerProved } from '../support/by-mail.ts'
import { logIn, newAddress, onDevice, TRIES_COUNT } from '../support/guessing.ts'
import { mailTo } from '../support/mail.ts'
import { cookieOf, postForm, press } from '../support/pages.ts'
import { freePort } from '../support/ports.ts'

const PUBLIC_URL = 'https://auth.example.org'

/** The link that an owner gets who is guessed at. */
async function unlockToken(app: TestApp, username: string, email: string): Promise<string> {
  for (let wrong = 0; wrong < 11; ) {
    const { statusCode, headers } = await logIn(app, { identifier: username, password: 'wrong' })
    if (statusCode === 401) wrong += 1
    else app.clock.advance(Number(headers['retry-after']) * 1000)
  }
  return (await mailTo(app, 'locked', email)).token
}

/** What a browser says of where it was. */
const SENDERS: readonly (readonly [said: Record<string, string>, isOwn: boolean])[] = [
  [{ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, false],
  [{ 'sec-fetch-site': 'same-site', origin: 'https://blog.example.org' }, false],
  [{ 'sec-fetch-site': 'none' }, false],
  // a browser on plain http says no more than this
  [{ origin: 'https://evil.example' }, false],
  [{ origin: 'null' }, false],
  [{ origin: 'https://auth.example.org.evil.example' }, false],
  [{}, false],
  [{ origin: PUBLIC_URL }, true],
  [{ 'sec-fetch-site': 'same-origin', origin: PUBLIC_URL }, true],
]

t.test('a form counts only when a page of the service’s own sent it', async (t) => {
  const app = await startApp(t, { ...TRIES_COUNT, PUBLIC_URL })
  const person = await registerProved(app)
  const token = await unlockToken(app, person.username, person.email)
  for (const [headers, isOwn] of SENDERS.slice(0, -1)) {
    const answer = await postForm(app, 'unlock', { token }, headers)
    t.equal(answer.statusCode, isOwn ? 200 : 403, JSON.stringify(headers))
    t.equal(answer.headers['set-cookie'] !== undefined, isOwn)
  }
  t.equal((await press(app, 'unlock', { token })).statusCode, 400, 'it was used, by our own page alone')
})

t.test('a sign-in that another site makes a browser send gets no cookie, and its cookie does not count', async (t) => {
  const app = await startApp(t, { ...TRIES_COUNT, PUBLIC_URL })
  const person = await registerProved(app)
  const right = { identifier: person.username, password: person.password }
  for (const [headers, isOwn] of SENDERS) {
    const answer = await logIn(app, { ...right, headers })
    t.equal(answer.statusCode, 200)
    const isProgram = Object.keys(headers).length === 0
    t.equal(answer.headers['set-cookie'] !== undefined, isOwn || isProgram, JSON.stringify(headers))
  }
  const device = (await logIn(app, right)).json().device_token
  await unlockToken(app, person.username, person.email)
  const cookie = `__Host-latchkey_device=${device}`
  const foreign = { cookie, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  t.equal((await logIn(app, { ...right, headers: foreign })).statusCode, 429, 'it waits like a stranger')
  const own = { cookie, 'sec-fetch-site': 'same-origin', origin: PUBLIC_URL }
  t.equal((await logIn(app, { ...right, headers: own })).statusCode, 200)
})

t.test('what another site makes a browser send is not sent by who asked for the link', async (t) => {
  const app = await startApp(t, { PUBLIC_URL })
  const person = somebody()
  const cookie = cookieOf((await post(app, '/auth/register', person)).headers)
  t.match(cookie, /^__Host-latchkey_asked=lkq_/)
  const { token } = await mailTo(app, 'email-verify', person.email)
  for (const [headers, isOwn] of SENDERS.slice(0, -2)) {
    const answer = await post(app, '/auth/email/verify', { token }, { cookie, ...headers })
    const isProgram = Object.keys(headers).length === 0
    if (!isProgram) t.equal(answer.statusCode, isOwn ? 204 : 403, JSON.stringify(headers))
  }
})

t.test('over https no other host can set the cookie of a device; the older name is still read', async (t) => {
  const app = await startApp(t, { ...TRIES_COUNT, PUBLIC_URL })
  const person = await registerProved(app)
  const right = { identifier: person.username, password: person.password }
  const answer = await logIn(app, right)
  const device = answer.json().device_token
  const attributes = 'Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure'
  t.equal(answer.headers['set-cookie'], `__Host-latchkey_device=${device}; ${attributes}`)
  await unlockToken(app, person.username, person.email)
  t.equal((await logIn(app, right)).statusCode, 429)
  t.equal((await logIn(app, { ...right, headers: { cookie: `latchkey_device=${device}` } })).statusCode, 200)
  const tossed = { cookie: `latchkey_device=lkd_tossed; __Host-latchkey_device=${device}` }
  t.equal((await logIn(app, { ...right, headers: tossed })).statusCode, 200, 'its own name comes first')
  t.equal((await logIn(app, { ...right, headers: onDevice(device), remoteAddress: newAddress() })).statusCode, 200)
})

const skip = isLeftOut('chromium') && 'no Chromium on this machine'

/** The service under a name, and a page of another site that posts a form to it. */
async function startSites(t: Test, name: string) {
  const port = await freePort()
  const origin = `http://${name}:${port}`
  const app = await startApp(t, { PUBLIC_URL: origin })
  await app.listen({ port, host: '127.0.0.1' })
  const evil = createServer((_request, response) => {
    const form = `<form method="post" action="${origin}/end-session"><input name="token" value="x"><button>Go</button></form>`
    response.setHeader('content-type', 'text/html').end(form)
  })
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
  t.teardown(() => evil.close())
  return { app, evil: `http://evil.test:${(evil.address() as AddressInfo).port}` }
}

for (const name of ['localhost', 'latchkey.test']) {
  t.test(`in a browser, the forms of ${name} work and those of another site do not`, { skip }, async (t) => {
    const { app, evil } = await startSites(t, name)
    const person = await registerProved(app)
    await logIn(app, { identifier: person.username, password: person.password })
    const { link } = await mailTo(app, 'new-device', person.email)
    const browser = await launch(t, ['--host-resolver-rules=MAP *.test 127.0.0.1'])
    const page = await browser.newPage()
    await page.goto(evil)
    await page.getByRole('button').click()
    await page.getByRole('alert').getByText('Another site sent this form').waitFor()
    await page.goto(link)
    await page.getByRole('button').click()
    await page.getByRole('heading', { name: 'The session has ended' }).waitFor()
    t.pass(name)
  })
}
