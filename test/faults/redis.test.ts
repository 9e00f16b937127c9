/** What becomes of the service when Redis dies, comes back empty, cannot be reached, or is slow. */
import t, { type Test } from 'tap'
import { REDIS_DEADLINE } from '../../src/ephemeral/redis.ts'
import { bearer, getMe, isLeftOut, post, registerSomebody, startApp, testEnvironment } from '../support/app.ts'
import { openDoor } from '../support/door.ts'
import { ownNetwork } from '../support/network.ts'
import { freePort } from '../support/ports.ts'
import { startRedis } from '../support/redis.ts'
import { startRelay } from '../support/relay.ts'
import { eventually } from '../support/wait.ts'

interface Fault {
  url: string
  /** makes it happen, and ends it */
  begin(): void | Promise<void>
  end(): void | Promise<void>
}

const METRICS_TOKEN = 'a-token-for-metrics'
/** A machine that is busy with other tests may take so much longer than the deadline, in ms. */
const SLACK = 1500

/** Two nodes, of which each is asked before the fault, in it, and after it. */
async function isStood(t: Test, { url, begin, end }: Fault): Promise<void> {
  const { app: here, ask } = await openDoor(t, { REDIS_URL: url, METRICS: `token:${METRICS_TOKEN}` })
  const there = await startApp(t, here.environment, here.clock)
  const nodes = [here, there]
  const [revoked, other] = [await registerSomebody(here), await registerSomebody(here)]
  const person = { username: 'adal', password: 'a password of Ada’s' }
  await ask('POST', '/user', person)
  const signIn = async () => (await ask('POST', '/authenticate_user', person)).body.token as string
  const [spent, held] = [await signIn(), await signIn()]
  for (const { access_token } of [revoked, other]) t.equal((await getMe(there, access_token)).statusCode, 200)
  t.strictSame(
    [(await here.ephemeral.count('a', 60_000)).count, (await there.ephemeral.count('a', 60_000)).count],
    [1, 2],
  )
  t.equal((await ask('GET', '/user', undefined, bearer(spent))).status, 200)

  await begin()
  await inTime(t, 'the first to find out', () => Promise.all(nodes.map((node) => node.ephemeral.count('b', 60_000))))
  await inTime(t, 'revoked is refused, valid is not', async () => {
    t.equal((await post(here, '/auth/logout', { refresh_token: revoked.refresh_token })).statusCode, 200)
    for (const node of nodes) {
      t.equal((await getMe(node, revoked.access_token)).statusCode, 401)
      t.equal((await getMe(node, other.access_token)).statusCode, 200)
    }
  })
  t.equal((await ask('GET', '/user', undefined, bearer(spent))).status, 401, 'a token that was used stays used')
  const next = await ask('GET', '/user', undefined, bearer(held))
  t.equal(next.status, 200, 'and one that was not is good, once')
  t.equal((await ask('GET', '/user', undefined, bearer(held))).status, 401)
  await inTime(t, '100 events of each node', async () => {
    for (const node of nodes) {
      for (let count = 1; count <= 100; count += 1)
        if ((await node.ephemeral.count('c', 60_000)).count !== count) t.fail('each node counts by itself')
    }
  })
  await tells(t, here, false)

  await end()
  await eventually(() => nodes.every((node) => node.ephemeral.isShared()), 30_000)
  await tells(t, here, true)
  t.strictSame(
    [(await here.ephemeral.count('d', 60_000)).count, (await there.ephemeral.count('d', 60_000)).count],
    [1, 2],
  )
  for (const node of nodes) {
    t.equal((await getMe(node, revoked.access_token)).statusCode, 401)
    t.equal((await getMe(node, other.access_token)).statusCode, 200)
  }
  t.equal((await ask('GET', '/user', undefined, bearer(spent))).status, 401)
  t.equal((await ask('GET', '/user', undefined, bearer(next.body.token))).status, 200)
}

async function inTime(t: Test, what: string, work: () => Promise<unknown>): Promise<void> {
  const begin = performance.now()
  await work()
  const took = performance.now() - begin
  t.ok(took < REDIS_DEADLINE + SLACK, `${what}: ${Math.round(took)} ms`)
}

async function tells(t: Test, app: Awaited<ReturnType<typeof startApp>>, isUsed: boolean): Promise<void> {
  const status = isUsed ? 'ok' : 'degraded'
  t.match((await app.inject({ url: '/health' })).json(), {
    status,
    ephemeral: { kind: 'redis', status: isUsed ? 'ok' : 'down' },
  })
  const ready = await app.inject({ url: '/health/ready' })
  t.strictSame([ready.statusCode, ready.json()], [200, { status }])
  const { body } = await app.inject({ url: '/metrics', headers: bearer(METRICS_TOKEN) })
  t.match(body, `latchkey_counters_shared ${Number(isUsed)}\n`)
}

async function faults(t: Test): Promise<void> {
  t.test('killed, and back with nothing in it', async (t) => {
    let server = await startRedis()
    t.teardown(() => server.stop())
    await isStood(t, {
      url: server.url,
      begin: () => server.stop(),
      async end() {
        server = await startRedis(server.port)
      },
    })
  })

  t.test('unreachable, its packets dropped', { skip: isLeftOut('network') }, async (t) => {
    const network = ownNetwork(t)
    const server = await startRedis(await freePort(), network)
    t.teardown(() => server.stop())
    await isStood(t, { url: server.url, begin: network.drop, end: network.restore })
  })

  t.test('slow, by two seconds an answer', async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    const way = await startRelay(t, server.port)
    await isStood(t, { url: `redis://127.0.0.1:${way.port}`, begin: () => way.delay(2000), end: () => way.delay(0) })
  })

  t.test('away when the service starts', async (t) => {
    const port = await freePort()
    const app = await startApp(t, testEnvironment(t, { REDIS_URL: `redis://somebody:hunter2@127.0.0.1:${port}` }))
    t.equal((await getMe(app, (await registerSomebody(app)).access_token)).statusCode, 200)
    t.match(app.logged(), '"Redis does not answer: this node counts by itself"')
    t.notMatch(app.logged(), 'hunter2')
    t.equal((await app.ephemeral.count('a', 60_000)).count, 1)
    const server = await startRedis(port)
    t.teardown(() => server.stop())
    const { Redis } = await import('ioredis')
    const owner = new Redis(server.url)
    await owner.acl('SETUSER', 'somebody', 'on', '>hunter2', '~*', '+@all')
    owner.disconnect()
    await eventually(() => app.ephemeral.isShared(), 30_000)
    t.match(app.logged(), '"Redis answers again"')
  })
}

if (!isLeftOut('redis')) t.test('Redis', faults)
