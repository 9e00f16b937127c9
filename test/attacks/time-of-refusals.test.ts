/** What the time of a refusal tells of an account: nothing, whatever its password is stored as, and at whose cost. */
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { OPERATOR } from '../../src/audit/actor.ts'
import { recordEvent } from '../../src/audit/record.ts'
import type { Wait } from '../../src/passwords/floor.ts'
import { createSurvey } from '../../src/passwords/survey.ts'
import {
  type Environment,
  type Person,
  post,
  registerSomebody,
  startApp,
  type TestApp,
  testClock,
} from '../support/app.ts'
import { eventually } from '../support/wait.ts'

const file = readFileSync(new URL('../vectors/hashes.json', import.meta.url), 'utf8')
const { vectors }: { vectors: { format: string; password: string; hash: string }[] } = JSON.parse(file)
const PLAIN = 'correct horse battery staple'
const hashOf = (format: string) =>
  vectors.find((vector) => vector.format === format && vector.password === PLAIN)?.hash ?? ''

/** What may be stored for an account beside a hash of ours; nothing at all for the last. */
const STORED: Readonly<Record<string, string | undefined>> = {
  'bcrypt of another system': hashOf('bcrypt'),
  'PBKDF2 of another system': hashOf('pbkdf2-django'),
  'scrypt of another system': hashOf('scrypt-werkzeug'),
  'a fast hash': hashOf('ldap-sha'),
  'ours with other parameters': `$argon2id$v=19$m=2048,t=3,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  'what looks like a hash of ours': '$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$nothing',
  'what is no hash': '*',
  'no password': undefined,
}

/** A refusal that waits. */
interface Held {
  ms: number
  /** by the clock of the machine */
  since: number
  release: () => void
}

/** The service, and the refusals that it holds back until the test lets them go. */
async function start(t: Test, environment: Environment = {}) {
  const held: Held[] = []
  let isHolding = true
  const wait: Wait = (ms) =>
    new Promise((release) => {
      if (isHolding) held.push({ ms, since: performance.now(), release })
      else release()
    })
  const app = await startApp(t, environment, testClock(), wait)
  const letGo = () => {
    isHolding = false
    for (const { release } of held) release()
  }
  return { app, held, letGo }
}

async function store(app: TestApp, { username }: Person, hash: string | undefined): Promise<void> {
  const user = app.db.selectFrom('users').select('id').where('username', '=', username)
  if (hash === undefined) await app.db.deleteFrom('passwords').where('user_id', '=', user).execute()
  else await app.db.updateTable('passwords').set({ hash }).where('user_id', '=', user).execute()
}

/** Somebody for each of these, and somebody with a hash of ours. */
async function populate(app: TestApp): Promise<readonly [what: string, who: Person][]> {
  const people: [string, Person][] = [['ours', await registerSomebody(app)]]
  for (const [what, hash] of Object.entries(STORED)) {
    const person = await registerSomebody(app)
    await store(app, person, hash)
    people.push([what, person])
  }
  return people
}

/** Whether something is still to come when all that can happen without a timer of ours has happened. */
async function comes(held: readonly Held[], count: number, answer: Promise<unknown>): Promise<boolean> {
  let isOut = false
  void answer.then(() => {
    isOut = true
  })
  while (held.length < count && !isOut) await new Promise((resolve) => setImmediate(resolve))
  return held.length >= count && !isOut
}

const logIn = (app: TestApp, identifier: string, password: string, remoteAddress = '127.0.0.1') =>
  app.inject({ method: 'POST', url: '/api/v1/auth/login', payload: { identifier, password }, remoteAddress })

t.test('no refusal leaves before the floor, whatever is stored, and each leaves at it', async (t) => {
  const { app, held, letGo } = await start(t, { HASH_CONCURRENCY: '1' })
  const floor = app.hasher.floor.current()
  const names = (await populate(app)).map(([what, { username }]) => [what, username] as const)
  for (const [what, name] of [...names, ['nobody', 'nobody.at.all']] as const) {
    const begun = performance.now()
    const answer = logIn(app, name, 'a wrong password')
    if (!t.ok(await comes(held, 1, answer), `${what}: waits`)) continue
    const { ms, since, release } = held.pop() as Held
    t.ok(since - begun + ms >= floor, `${what}: ${since - begun + ms} ms in all`)
    t.ok(ms <= floor, `${what}: and waits for no longer than is needed`)
    release()
    t.equal((await answer).statusCode, 401, what)
  }
  letGo()
})

t.test('while refusals wait nothing is held: others are hashed for, and answered', async (t) => {
  const { app, held, letGo } = await start(t, { HASH_CONCURRENCY: '1', HASH_QUEUE: '0', DATABASE_POOL: '2' })
  const person = await registerSomebody(app)
  const answers: Promise<{ statusCode: number }>[] = []
  for (let count = 1; count <= 6; count += 1) {
    const answer = logIn(app, count % 2 ? person.username : 'nobody.at.all', 'a wrong password')
    t.ok(await comes(held, count, answer), `refusal ${count} waits`)
    answers.push(answer)
  }
  t.strictSame(app.hasher.load(), { running: 0, waiting: 0 })
  t.equal(app.hasher.floor.waiting(), 6)
  t.equal((await logIn(app, person.username, person.password)).statusCode, 200, 'a right password is not held up')
  t.equal(held.length, 6, 'and waits for nothing itself')
  letGo()
  for (const answer of answers) t.equal((await answer).statusCode, 401)
  t.equal(app.hasher.floor.waiting(), 0)
})

t.test('every call that checks a password holds its refusal back', async (t) => {
  const compat = 'flask-auth,python-jwt-template,flask-jwt-demo'
  const { app, held, letGo } = await start(t, { COMPAT: compat, COMPAT_HIDE_UNKNOWN: 'on' })
  const person = await registerSomebody(app)
  const wrong = 'a wrong password'
  const unknown = { username: 'nobody.at.all', email: 'nobody@example.org' }
  const dialect = (url: string, payload: object) => app.inject({ method: 'POST', url, payload })
  const calls: Record<string, () => Promise<{ statusCode: number }>> = {
    reauthentication: () => post(app, '/auth/reauthenticate', { password: wrong }, person.authorization),
    'a change of the password': () =>
      post(app, '/users/me/password', { current_password: wrong, new_password: PLAIN }, person.authorization),
  }
  for (const [who, { username, email }] of Object.entries({ known: person, unknown })) {
    calls[`the login, ${who}`] = () => logIn(app, username, wrong)
    calls[`flask-auth, ${who}`] = () => dialect('/auth/login', { identifier: username, password: wrong })
    calls[`python-jwt-template, ${who}`] = () => dialect('/auth/login', { email, password: wrong })
    calls[`flask-jwt-demo, ${who}`] = () => dialect('/authenticate_user', { username, password: wrong })
  }
  for (const [what, call] of Object.entries(calls)) {
    const answer = call()
    if (!t.ok(await comes(held, 1, answer), what)) continue
    const { ms, release } = held.pop() as Held
    t.ok(ms > 0 && ms <= app.hasher.floor.current(), `${what}: to the floor`)
    release()
    t.ok([401, 403].includes((await answer).statusCode), what)
  }
  letGo()
})

t.test('in how many forms a password is tried depends on what was typed, and on no account', async (t) => {
  const { app, held, letGo } = await start(t)
  const floor = app.hasher.floor.current()
  const names = (await populate(app)).map(([what, { username }]) => [what, username] as const)
  const typed = { 'one form': ['a wrong password', 1], 'two forms': ['cafe\u0301 au lait', 2] } as const
  for (const [forms, [password, count]] of Object.entries(typed)) {
    for (const [what, name] of [...names, ['nobody', 'nobody.at.all']] as const) {
      const answer = logIn(app, name, password)
      if (!t.ok(await comes(held, 1, answer), `${what}, ${forms}`)) continue
      const { ms: waited, release } = held.pop() as Held
      t.equal(Math.ceil(waited / floor), count, `${what}, ${forms}: ${waited} ms`)
      release()
      await answer
    }
  }
  letGo()
})

t.test('what is too long to be a password is refused at the border, before anybody is looked for', async (t) => {
  const { app, held } = await start(t, { COMPAT: 'flask-auth' })
  const person = await registerSomebody(app)
  const before = app.hasher.counts.work.sum
  for (const [url, status] of [
    ['/api/v1/auth/login', 400],
    ['/auth/login', 401],
  ] as const) {
    const ask = (identifier: string) =>
      app.inject({ method: 'POST', url, payload: { identifier, password: 'x'.repeat(257) } })
    const [known, unknown] = [await ask(person.username), await ask('nobody.at.all')]
    t.strictSame([known.statusCode, unknown.statusCode], [status, status], url)
  }
  t.equal(held.length, 0)
  t.equal(app.hasher.counts.work.sum, before)
})

t.test(
  'who has a network full of waiting refusals is answered 503 at once, known or not, and others are not',
  async (t) => {
    const { app, held, letGo } = await start(t, { HASH_QUEUE: '0' })
    const person = await registerSomebody(app)
    const answers: Promise<{ statusCode: number }>[] = []
    const refuseFrom = async (network: string, many: number) => {
      for (let each = 0; each < many; each += 1) {
        const before = held.length
        const answer = logIn(app, 'nobody.at.all', 'a wrong password', `${network}::${each + 1}`)
        answers.push(answer)
        if (!(await comes(held, before + 1, answer))) return answer
      }
      return undefined
    }
    t.equal(await refuseFrom('2001:db8:1:1', 64), undefined, 'so many may wait')
    const full = '2001:db8:1:1::ffff'
    for (const [identifier, password] of [
      [person.username, 'a wrong password'],
      ['nobody.at.all', 'a wrong password'],
      [person.username, person.password],
    ] as const) {
      const response = await logIn(app, identifier, password, full)
      t.equal(response.statusCode, 503)
      t.equal(response.json().code, 'overloaded')
      t.ok(response.headers['retry-after'])
    }
    t.equal(held.length, 64, 'and nothing waits for that')
    t.equal((await logIn(app, person.username, person.password, '2001:db8:1:2::1')).statusCode, 200, 'a neighbour')
    t.equal(await refuseFrom('2001:db8:1:2', 64), undefined, 'as many for it')
    t.not(await refuseFrom('2001:db8:1:3', 1), undefined, 'and no more for both, which one customer may have')
    for (const network of ['2001:db8:1:101', '2001:db8:1:202'])
      t.equal(await refuseFrom(network, 64), undefined, network)
    t.equal(
      (await logIn(app, 'nobody.at.all', 'a wrong password', '2001:db8:1:303::1')).statusCode,
      503,
      'nor for a site',
    )
    t.equal((await logIn(app, person.username, person.password, '2001:db8:2:1::1')).statusCode, 200, 'another site')
    letGo()
    const statuses = await Promise.all(answers.map(async (answer) => (await answer).statusCode))
    t.strictSame([statuses.filter((status) => status === 401).length, statuses.length], [256, 257])
    t.equal((await logIn(app, person.username, person.password, full)).statusCode, 200, 'and then there is room again')
  },
)

t.test('429 and 503 leave at once', async (t) => {
  const { app, held, letGo } = await start(t, { RATE_LIMIT: 'on', HASH_CONCURRENCY: '1', HASH_QUEUE: '0' })
  const person = await registerSomebody(app)
  const answers: Promise<unknown>[] = []
  for (let count = 1; count <= 5; count += 1) {
    const answer = logIn(app, person.username, 'a wrong password')
    t.ok(await comes(held, count, answer), `try ${count}`)
    answers.push(answer)
  }
  t.equal((await logIn(app, person.username, 'a wrong password')).statusCode, 429)
  const slow = await registerSomebody(app)
  await store(app, slow, `$6$rounds=1000000$salt$${'a'.repeat(86)}`)
  answers.push(logIn(app, slow.username, 'a wrong password'))
  await eventually(() => app.hasher.load().running === 1)
  t.equal((await logIn(app, 'any.body', 'a password')).statusCode, 503)
  letGo()
  await Promise.all(answers)
})

t.test('the floor is above the dearest hash that is stored, also when an import brings it later', async (t) => {
  const { app } = await start(t)
  const closing = new AbortController()
  const survey = createSurvey(app, closing.signal)
  const { floor, costs } = app.hasher
  t.equal(floor.current(), 1000, 'until something is known')
  await registerSomebody(app)
  floor.cover((await survey.look()).dearest)
  const low = floor.current()
  t.ok(low < 500, `${low} ms where all hashes are ours`)
  const dear = `$pbkdf2-sha256$600000$${'A'.repeat(22)}$${'A'.repeat(43)}`
  await store(app, await registerSomebody(app), dear)
  floor.cover((await survey.look()).dearest)
  t.ok(floor.current() > Math.min(999, await costs.costOf(dear)), `${floor.current()} ms`)
  t.ok(floor.current() <= 1000)
})

t.test(
  'people who were brought in with numbers of their own are looked at as well, however far apart those are',
  async (t) => {
    const { app } = await start(t)
    const closing = new AbortController()
    const survey = createSurvey(app, closing.signal)
    const bringIn = async (id: number, iterations: number) => {
      const hash = `$pbkdf2-sha256$${iterations}$${'A'.repeat(22)}$${'A'.repeat(43)}`
      await app.db
        .insertInto('users')
        .values({ id, uid: `number ${id}`, created_at: 1, updated_at: 1 })
        .execute()
      await app.db.insertInto('passwords').values({ user_id: id, hash, updated_at: 1 }).execute()
      await recordEvent(app.db, app, { action: 'accounts.import', actor: OPERATOR })
    }
    const look = async () => {
      const late = setTimeout(() => closing.abort(), 10_000)
      const { dearest } = await survey.look().finally(() => clearTimeout(late))
      return dearest
    }
    await bringIn(2 ** 50, 50_000)
    const first = await look()
    await bringIn(7, 500_000)
    t.ok((await look()) > 5 * first, 'a number below those that were looked at')
  },
)
