/** The pages that messages about sign-ins lead to. */
import t from 'tap'
import { getMe, startApp } from '../support/app.ts'
import { registerProved } from '../support/by-mail.ts'
import { logIn, onDevice, TRIES_COUNT } from '../support/guessing.ts'
import { mailTo } from '../support/mail.ts'
import { alertIn, open, press, titleIn } from '../support/pages.ts'

t.test('the page of a message about a new device ends that session, when its button is pressed', async (t) => {
  const app = await startApp(t)
  const person = await registerProved(app)
  const thief = (await logIn(app, { identifier: person.username, password: person.password })).json()
  const { link, token } = await mailTo(app, 'new-device', person.email)
  t.match(link, /\/end-session\?token=/)
  for (let times = 0; times < 3; times += 1) t.equal((await open(app, 'end-session', token)).statusCode, 200)
  t.equal((await getMe(app, thief.access_token)).statusCode, 200, 'opening the page changes nothing')
  const answer = await press(app, 'end-session', { token })
  t.equal(answer.statusCode, 200)
  t.equal(titleIn(answer.body), 'The session has ended')
  t.equal((await getMe(app, thief.access_token)).statusCode, 401)
  t.equal((await getMe(app, person.access_token)).statusCode, 200)
  const again = await press(app, 'end-session', { token })
  t.equal(again.statusCode, 400)
  t.match(alertIn(again.body), 'The link has been used')
  t.notMatch(app.logged(), token)
})

t.test(
  'the page of a message about wrong passwords lets people in again, and knows the browser from then on',
  async (t) => {
    const app = await startApp(t, TRIES_COUNT)
    const person = await registerProved(app)
    const guess = () => logIn(app, { identifier: person.username, password: 'a wrong password' })
    for (let wrong = 0; wrong < 11; ) {
      const { statusCode, headers } = await guess()
      if (statusCode === 401) wrong += 1
      else app.clock.advance(Number(headers['retry-after']) * 1000)
    }
    t.equal((await guess()).statusCode, 429)
    const { token } = await mailTo(app, 'locked', person.email)
    t.equal((await open(app, 'unlock', token)).statusCode, 200)
    t.equal((await guess()).statusCode, 429, 'opening the page changes nothing')
    const answer = await press(app, 'unlock', { token }, { 'accept-language': 'de' })
    t.equal(titleIn(answer.body), 'Die Anmeldung ist wieder erlaubt')
    const [, device = ''] = /latchkey_device=([^;]+)/.exec(String(answer.headers['set-cookie'])) ?? []
    const right = { identifier: person.username, password: person.password, headers: onDevice(device) }
    const back = await logIn(app, right)
    t.equal(back.statusCode, 200)
    t.equal(back.json().device_token, undefined, 'it is known')
  },
)
