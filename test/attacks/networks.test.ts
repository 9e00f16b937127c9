/** Who has many addresses is not many callers, and who has one is not two. */
import t from 'tap'
import { onEachStore, registerSomebody, startApp, type TestApp } from '../support/app.ts'
import { logIn, TRIES_COUNT } from '../support/guessing.ts'

const ON = { RATE_LIMIT: 'on' }

/** Spellings of one IPv4 address: as it is, IPv4-mapped twice, NAT64 and 6to4. */
const SPELLINGS = (last: number) => {
  const low = (0x200 + last).toString(16).padStart(4, '0')
  return [
    `192.0.2.${last}`,
    `::ffff:192.0.2.${last}`,
    `0:0:0:0:0:FFFF:c000:${low}`,
    `64:ff9b::192.0.2.${last}`,
    `2002:c000:${low}:5::1`,
  ]
}

let sites = 0

/** A network of 48 bits that no test has used: Redis remembers those of other tests. */
function newSite(): string {
  sites += 1
  return `2001:db8:${((process.pid * 16 + sites) & 0xffff).toString(16)}`
}

const forgot = (app: TestApp, remoteAddress: string) =>
  app.inject({
    method: 'POST',
    url: '/api/v1/auth/password/forgot',
    payload: { email: 'nobody@example.org' },
    remoteAddress,
  })

async function countPassed(answers: readonly PromiseLike<{ statusCode: number }>[]): Promise<number> {
  return (await Promise.all(answers)).filter(({ statusCode }) => statusCode !== 429).length
}

t.test('300 calls that send mail, from ten networks of one site, meet the limit of the site', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, ...ON })
    const site = newSite()
    const calls = (subnets: readonly number[]) =>
      subnets.flatMap((subnet) =>
        Array.from({ length: 30 }, (_, host) => forgot(app, `${site}:${subnet.toString(16)}::${host + 1}`)),
      )
    const homes = Array.from({ length: 5 }, (_, index) => (index + 1) * 256)
    t.equal(await countPassed(calls([0, 1])), 60, 'two networks of one home have their full share')
    t.equal(await countPassed(calls([2, 3, 4])), 0, 'and the home has no more')
    t.equal(await countPassed(calls(homes)), 60, 'other homes of the site share what is left of it')
    t.equal((await forgot(app, `${newSite()}:1::1`)).statusCode, 202, 'another site is another caller')
  }),
)

t.test('one address in five spellings is one caller', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, ...ON, RATE_LIMITS: 'mail=4/1h' })
    const last = 1 + (process.pid % 200) + (environment['REDIS_URL'] ? 1 : 0)
    const statuses = []
    for (const address of SPELLINGS(last)) statuses.push((await forgot(app, address)).statusCode)
    t.strictSame(statuses, [202, 202, 202, 202, 429])
  }),
)

t.test('passwords tried from many networks of one site have to wait for one another', (t) =>
  onEachStore(t, async (t, environment) => {
    const app = await startApp(t, { ...environment, ...TRIES_COUNT })
    const site = newSite()
    let passed = 0
    for (let subnet = 0; subnet < 100; subnet += 1) {
      const remoteAddress = `${site}:${(subnet * 256).toString(16)}::1`
      const { statusCode } = await logIn(app, { identifier: `nobody${subnet}`, password: 'wrong', remoteAddress })
      passed += Number(statusCode === 401)
    }
    t.equal(passed, 80, 'four times what one address may try')
  }),
)

t.test('sessions, the audit log and the log have one form of an address', async (t) => {
  const app = await startApp(t)
  const person = await registerSomebody(app)
  const forms = [
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['64:ff9b::c000:207', '192.0.2.7'],
    ['2001:0DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['fe80::1%eth0', 'fe80::1'],
  ]
  for (const [remoteAddress, shown] of forms) {
    app.clock.advance(1000)
    const { username: identifier, password } = person
    const answer = await logIn(app, { identifier, password, remoteAddress: remoteAddress ?? '' })
    t.equal(answer.statusCode, 200)
    const session = await app.db
      .selectFrom('sessions')
      .select('ip')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow()
    t.equal(session.ip, shown)
    const event = await app.db
      .selectFrom('audit_events')
      .select('ip')
      .where('action', '=', 'session.start')
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow()
    t.equal(event.ip, shown)
  }
  t.match(app.logged(), '"ip":"2001:db8::7"')
  t.notMatch(app.logged(), '"ip":"64:ff9b')
})
