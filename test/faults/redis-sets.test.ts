/** Redis as a set of servers, of which one is lost. */
import { Redis } from 'ioredis'
import t from 'tap'
import { isLeftOut, startApp } from '../support/app.ts'
import { startCluster, startSentinels } from '../support/redis-sets.ts'
import { eventually } from '../support/wait.ts'

const MINUTE = 60_000

async function sentinels(): Promise<void> {
  t.test('when the master is killed, Sentinel names another, and counting goes on with what was counted', async (t) => {
    const { url, master, replica } = await startSentinels(t)
    const app = await startApp(t, { REDIS_URL: url })
    const there = await startApp(t, app.environment, app.clock)
    t.equal((await app.ephemeral.count('c', 10 * MINUTE)).count, 1)
    t.equal((await there.ephemeral.count('c', 10 * MINUTE)).count, 2)
    const copy = new Redis(replica.port, '127.0.0.1')
    t.teardown(() => copy.disconnect())
    await eventually(async () => (await copy.get('latchkey:c')) === '2')

    await master.stop()
    for (let count = 0; count < 5; count += 1) {
      t.ok((await app.ephemeral.count('d', MINUTE)).count >= 1, 'nobody is refused meanwhile')
      t.equal((await app.inject({ url: '/health/ready' })).statusCode, 200)
    }
    const shared = async (node: typeof app) => {
      await node.ephemeral.probe()
      return node.ephemeral.isShared()
    }
    await eventually(async () => (await shared(app)) && (await shared(there)), 60_000)
    t.equal((await app.ephemeral.count('c', 10 * MINUTE)).count, 3)
    t.equal((await there.ephemeral.count('c', 10 * MINUTE)).count, 4)
  })
}

async function clusters(): Promise<void> {
  t.test('counters are on every master of a cluster, and a wrong password is no secret told', async (t) => {
    const { url, nodes } = await startCluster(t)
    const app = await startApp(t, { REDIS_URL: url })
    await eventually(async () => {
      await app.ephemeral.probe()
      return app.ephemeral.isShared()
    })
    for (let count = 0; count < 60; count += 1) await app.ephemeral.count(`key ${count}`, MINUTE)
    for (const { port } of nodes) {
      const node = new Redis(port, '127.0.0.1')
      const keys = (await node.keys('latchkey:key*')).length
      t.ok(keys > 0, `${keys} of 60 keys`)
      await node.config('SET', 'requirepass', 'the right password')
      node.disconnect()
    }
    const refused = startApp(t, { ...app.environment, REDIS_URL: url.replace('//', '//:wrong-password@') })
    const error = await refused.then(
      () => undefined,
      (error: Error) => error,
    )
    t.match(error?.message, /^Redis at 127\.0\.0\.1:\d+, .+ refuses: /)
    t.notMatch(error?.message, 'wrong-password')
  })
}

if (!isLeftOut('redis')) {
  await sentinels()
  await clusters()
}
