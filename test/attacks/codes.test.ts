/** Strangers who ask for codes and links of somebody else's address, or try codes: they spend what is theirs, and no more. */
import t from 'tap'
import { onEachStore, type Person, post, registerSomebody, somebody, startApp, type TestApp } from '../support/app.ts'
import { registerProved } from '../support/by-mail.ts'
import { logIn, newAddress, onDevice, TRIES_COUNT } from '../support/guessing.ts'
import { mailsOf, mailTo } from '../support/mail.ts'
import { eventually } from '../support/wait.ts'

const ON = { ...TRIES_COUNT, SIGN_IN_LINK: 'on', SIGN_IN_CODE: 'on' }
const MINUTE = 60_000

type WithDevice = Person & { device_token: string }

/** Where somebody is, and on which device. */
interface From {
  remoteAddress: string
  headers?: Record<string, string>
}

const somewhere = (): From => ({ remoteAddress: newAddress() })

const send = (app: TestApp, url: string, payload: object, from: From) =>
  app.inject({ method: 'POST', url: `/api/v1${url}`, payload, ...from })

const ask = (app: TestApp, kind: 'link' | 'code', email: string, from: From) =>
  send(app, `/auth/sign-in/${kind}`, { email }, from)

/** Asks for a code and reads it. @param count which of several to that address */
async function codeFor(app: TestApp, email: string, from: From, count = 1) {
  const { request_token } = (await ask(app, 'code', email, from)).json<{ request_token: string }>()
  await app.mailRequests.settle()
  const { text = '' } = await mailTo(app, 'sign-in-code', email, count)
  return { email, request_token, code: /\b\d{6}\b/.exec(text)?.[0] ?? '' }
}

/** The same without the request token. */
const bare = ({ email, code }: { email: string; code: string }) => ({ email, code })

const trial = (app: TestApp, payload: object, from: From) => send(app, '/auth/sign-in/code/verify', payload, from)

const wrong = <T extends { code: string }>(tried: T): T => ({
  ...tried,
  code: String((Number(tried.code) + 1) % 1_000_000).padStart(6, '0'),
})

const madeUp = `lkq_${'A'.repeat(43)}`

t.test('whoever tries codes of an address spends no try of who asked for one', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, ...ON })
    for (const isKept of [true, false]) {
      const { email } = await registerSomebody(app)
      const [home, elsewhere, stranger] = [somewhere(), somewhere(), somewhere()]
      const own = await codeFor(app, email, home)
      const other = await codeFor(app, email, stranger, 2)
      const guesses = [
        ...Array.from({ length: 6 }, () => [{ ...own, request_token: other.request_token }, stranger] as const),
        ...Array.from({ length: 6 }, () => [{ ...own, request_token: madeUp }, elsewhere] as const),
        ...Array.from({ length: 6 }, () => [bare(own), stranger] as const),
        ...Array.from({ length: 6 }, () => [bare(own), elsewhere] as const),
      ]
      for (const [guess, from] of guesses) t.equal((await trial(app, wrong(guess), from)).statusCode, 401)
      t.equal((await trial(app, other, stranger)).statusCode, 401, 'their own is void')
      const answer = await trial(app, isKept ? own : bare(own), home)
      t.equal(answer.statusCode, 200, isKept ? 'with the request token' : 'from where it was asked for')
    }
  }),
)

t.test('a code is good with another’s request token for nobody', async (t) => {
  const app = await startApp(t, ON)
  const { email } = await registerSomebody(app)
  const [home, stranger] = [somewhere(), somewhere()]
  const own = await codeFor(app, email, home)
  const other = await codeFor(app, email, stranger, 2)
  t.equal((await trial(app, { ...own, request_token: other.request_token }, stranger)).statusCode, 401)
  t.equal((await trial(app, own, somewhere())).statusCode, 200, 'and with its own anywhere')
  t.equal((await trial(app, other, stranger)).statusCode, 401, 'which makes the others void')
})

t.test(
  'without the request token there are three tries from where a code was asked for, and three elsewhere',
  async (t) => {
    const app = await startApp(t, ON)
    const { email } = await registerSomebody(app)
    const home = somewhere()
    const own = await codeFor(app, email, home)
    for (const from of [home, somewhere()]) {
      for (let time = 0; time < 3; time += 1) t.equal((await trial(app, wrong(bare(own)), from)).statusCode, 401)
      t.equal((await trial(app, bare(own), from)).statusCode, 401, 'the fourth is none, though it is right')
    }
    t.equal((await trial(app, bare(own), somewhere())).statusCode, 401, 'elsewhere is one place')
    for (let time = 0; time < 4; time += 1) t.equal((await trial(app, wrong(own), home)).statusCode, 401)
    t.equal((await trial(app, own, home)).statusCode, 200, 'the fifth with the request token')
    const again = await codeFor(app, email, home, 2)
    for (let time = 0; time < 5; time += 1) await trial(app, wrong(again), home)
    for (const tried of [again, bare(again)])
      t.equal((await trial(app, tried, home)).statusCode, 401, 'void after five')
  },
)

t.test('a newer code gives strangers no tries back', async (t) => {
  const app = await startApp(t, ON)
  const { email } = await registerSomebody(app)
  const home = somewhere()
  const own = await codeFor(app, email, home)
  for (let time = 0; time < 3; time += 1) t.equal((await trial(app, wrong(bare(own)), somewhere())).statusCode, 401)
  const newer = await codeFor(app, email, home, 2)
  t.equal((await trial(app, bare(newer), somewhere())).statusCode, 401)
  t.equal((await trial(app, newer, home)).statusCode, 200)
})

t.test('a code that was asked for elsewhere is good without the request token', async (t) => {
  const app = await startApp(t, ON)
  const { email } = await registerSomebody(app)
  const own = await codeFor(app, email, somewhere())
  await codeFor(app, email, somewhere(), 2)
  t.equal((await trial(app, bare(own), somewhere())).statusCode, 200, 'also after a newer one')
})

t.test('requests of a stranger use up none of the owner’s, and void nothing that was sent', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, ...ON })
    for (const kind of ['link', 'code'] as const) {
      const { email, device_token } = (await registerSomebody(app)) as WithDevice
      const template = `sign-in-${kind}`
      const sent = async () => {
        await app.mailRequests.settle()
        await eventually(async () => (await app.db.selectFrom('outbox').select('id').execute()).length === 0)
        return (await mailsOf(app, template)).filter(({ recipient }) => recipient === email)
      }
      const home = somewhere()
      const early = (await ask(app, kind, email, home)).json<{ request_token: string }>()
      t.equal((await sent()).length, 1)
      const stranger = somewhere()
      for (let time = 0; time < 10; time += 1) t.equal((await ask(app, kind, email, stranger)).statusCode, 202)
      const before = (await sent()).length
      t.ok(before <= 4, `${before} messages`)
      t.equal((await ask(app, kind, email, home)).statusCode, 202)
      t.equal((await sent()).length, before + 1, 'one who asks elsewhere is heard')

      for (let time = 0; time < 10; time += 1) await ask(app, kind, email, somewhere())
      const all = await sent()
      t.ok(all.length <= 5, `${all.length} messages in all for strangers`)
      const known = { remoteAddress: stranger.remoteAddress, headers: onDevice(device_token) }
      const { request_token } = (await ask(app, kind, email, known)).json<{ request_token: string }>()
      const mails = await sent()
      t.equal(mails.length, all.length + 1, 'the owner’s device is heard in any case')

      const [first, last] = [mails[0], mails.at(-1)]
      const uses = [
        { mail: last, request_token },
        { mail: first, request_token: early.request_token },
      ]
      // the one that the owner asked for first, where all others came after
      const { mail, request_token: token } = uses[kind === 'link' ? 1 : 0] as (typeof uses)[number]
      const body = { email, code: /\b\d{6}\b/.exec(mail?.text ?? '')?.[0] ?? '', request_token: token }
      const used =
        kind === 'link'
          ? await send(app, '/auth/sign-in/link/verify', { token: mail?.token }, home)
          : await trial(app, body, home)
      t.equal(used.statusCode, 200)
    }
  }),
)

t.test('a device of somebody else is no device of the owner', async (t) => {
  const app = await startApp(t, ON)
  const [owner, other] = [await registerSomebody(app), (await registerSomebody(app)) as WithDevice]
  for (let time = 0; time < 10; time += 1) await ask(app, 'link', owner.email, somewhere())
  await app.mailRequests.settle()
  await mailTo(app, 'sign-in-link', owner.email, 5)
  for (const token of [other.device_token, madeUp])
    await ask(app, 'link', owner.email, { ...somewhere(), headers: onDevice(token) })
  t.equal((await app.db.selectFrom('mail_requests').select('id').execute()).length, 0)
})

t.test('750 wrong codes over 30 accounts meet waits and a challenge, and the owner’s device does not', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, ...ON })
    // to the beginning of a window that, on Redis, other tests have not counted in
    app.clock.advance(5 * MINUTE * Math.ceil(Math.random() * 1e5) - (app.clock.now() % (5 * MINUTE)))
    const people: WithDevice[] = []
    for (let count = 0; count < 30; count += 1) people.push((await registerSomebody(app)) as WithDevice)
    const addresses = Array.from({ length: 10 }, somewhere)
    const homes = people.map(somewhere)
    const own = []
    for (const [index, { email }] of people.entries()) own.push(await codeFor(app, email, homes[index] as From))
    const answers = new Map<number, number>()
    for (let index = 0; index < 750; index += 1) {
      const tried = wrong(bare(own[index % own.length] as (typeof own)[number]))
      const { statusCode } = await trial(app, tried, addresses[index % addresses.length] as From)
      answers.set(statusCode, (answers.get(statusCode) ?? 0) + 1)
      app.clock.advance(21)
    }
    t.strictSame(
      [...answers.keys()].filter((status) => ![401, 403, 429].includes(status)),
      [],
    )
    const made = answers.get(401) ?? 0
    t.ok(made >= 100 && made <= 200, `${made} were tried`)
    t.ok(app.gate.isClosed())
    const code = own[0] as (typeof own)[number]
    const strange = await trial(app, code, somewhere())
    t.match(strange.json(), { status: 403, code: 'challenge_required' }, 'whether the code is right or wrong')
    const { device_token } = people[0] as WithDevice
    const headers = onDevice(device_token)
    t.equal((await trial(app, code, { ...somewhere(), headers })).statusCode, 200)
  }),
)

t.test('wrong codes from one address have to wait, and on the owner’s device by themselves', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, ...ON })
    const { email, device_token } = (await registerSomebody(app)) as WithDevice
    const stranger = somewhere()
    for (let time = 0; time < 20; time += 1)
      t.equal((await trial(app, { email: somebody().email, code: '000000' }, stranger)).statusCode, 401)
    t.equal((await trial(app, { email, code: '000000' }, stranger)).statusCode, 429)
    const own = await codeFor(app, email, stranger)
    t.equal((await trial(app, own, stranger)).statusCode, 429, 'the right one too')
    const known = { ...stranger, headers: onDevice(device_token) }
    for (let time = 0; time < 4; time += 1) t.equal((await trial(app, wrong(own), known)).statusCode, 401)
    t.equal((await trial(app, own, known)).statusCode, 200)
    const again = await codeFor(app, email, known, 2)
    for (let time = 0; time < 5; time += 1) await trial(app, wrong(again), known)
    t.equal((await trial(app, again, known)).statusCode, 429, 'a stolen device may not try at will either')
  }),
)

t.test('wrong codes count where wrong passwords of the name do, and make no right code wait', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, ...ON })
    const { email, password } = await registerProved(app)
    const home = somewhere()
    const own = await codeFor(app, email, home)
    for (let time = 0; time < 5; time += 1) await trial(app, wrong(bare(own)), somewhere())
    t.equal((await logIn(app, { identifier: email, password })).statusCode, 429)
    for (let time = 0; time < 12; time += 1) {
      await trial(app, wrong(bare(own)), somewhere())
      app.clock.advance(20_000)
    }
    const { text } = await mailTo(app, 'locked', email)
    t.match(text, 'too many wrong passwords or codes')
    const causes = await app.db.selectFrom('audit_events').select('cause').where('outcome', '=', 'failure').execute()
    t.equal(causes.filter(({ cause }) => cause === 'sign_in_code_invalid').length, 17)
    t.equal((await trial(app, own, home)).statusCode, 200)
  }),
)

t.test('with limits switched off ten codes of an address are good at once, the newest', async (t) => {
  const app = await startApp(t, { SIGN_IN_CODE: 'on' })
  const { email } = await registerSomebody(app)
  const all = []
  for (let count = 1; count <= 11; count += 1) {
    all.push(await codeFor(app, email, somewhere(), count))
    app.clock.advance(1000)
  }
  const [oldest, next] = all
  t.equal((await trial(app, oldest ?? {}, somewhere())).statusCode, 401)
  t.equal((await trial(app, next ?? {}, somewhere())).statusCode, 200)
})

t.test('with limits switched off there are no more tries than with them', async (t) => {
  const app = await startApp(t, { SIGN_IN_CODE: 'on' })
  const { email } = await registerSomebody(app)
  const home = somewhere()
  const own = await codeFor(app, email, home)
  for (let time = 0; time < 10; time += 1) await trial(app, wrong(bare(own)), somewhere())
  t.equal((await trial(app, bare(own), somewhere())).statusCode, 401)
  for (let time = 0; time < 5; time += 1) await trial(app, wrong(own), home)
  t.equal((await trial(app, own, home)).statusCode, 401)
  t.equal((await trial(app, await codeFor(app, email, home, 2), home)).statusCode, 200, 'another code is good')
})

t.test('a code that a node of an older version has made or used is known as one', async (t) => {
  const app = await startApp(t, ON)
  const { email } = await registerSomebody(app)
  const home = somewhere()
  const made = await codeFor(app, email, home)
  await app.db.deleteFrom('requested_codes').execute()
  t.equal((await trial(app, made, home)).statusCode, 200, 'the request token is of a request that another granted')
  const used = await codeFor(app, email, home, 2)
  await app.db.deleteFrom('sign_in_codes').execute()
  t.equal((await trial(app, used, home)).statusCode, 401)
})

t.test('a code is good for ten minutes, whatever came since', async (t) => {
  const app = await startApp(t, ON)
  const { email } = await registerSomebody(app)
  const home = somewhere()
  const own = await codeFor(app, email, home)
  app.clock.advance(9 * MINUTE)
  const elsewhere = somewhere()
  const later = await codeFor(app, email, elsewhere, 2)
  app.clock.advance(MINUTE)
  t.equal((await trial(app, own, home)).statusCode, 401)
  t.equal((await trial(app, bare(own), home)).statusCode, 401)
  t.equal((await post(app, '/auth/sign-in/code/verify', bare(own))).statusCode, 401)
  t.equal((await trial(app, later, elsewhere)).statusCode, 200, 'the later one has nine minutes left')
})
