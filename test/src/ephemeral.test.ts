import t, { type Test } from 'tap'
import { migrateUp } from '../../src/db/migrate.ts'
import { type OpenDatabase, openDatabase } from '../../src/db/open.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { createLocalCounters } from '../../src/ephemeral/local.ts'
import { createRedisCounters } from '../../src/ephemeral/redis.ts'
import { openRedis } from '../../src/ephemeral/redis-client.ts'
import { createSqlEphemeral } from '../../src/ephemeral/sql.ts'
import type { Counters, Ephemeral } from '../../src/ephemeral/store.ts'
import type { Attempt } from '../../src/ephemeral/tries.ts'
import { isLeftOut, onPostgres, testClock, testEnvironment } from '../support/app.ts'
import { startRedis } from '../support/redis.ts'
import { startCluster, startSentinels } from '../support/redis-sets.ts'
import { eventually } from '../support/wait.ts'

/** A store as two nodes see it, and a way to let time pass for it. */
interface Nodes<T> {
  here: T
  there: T
  pass: (ms: number) => Promise<void>
}

/** A store that tells something in a transaction of its own. */
type Teller = Ephemeral & { tell: (channel: string, body: string) => Promise<void> }

async function openStore(database: OpenDatabase, clock: ReturnType<typeof testClock>) {
  const store = await createSqlEphemeral({ ...database, ...clock })
  const tell = (channel: string, body: string) => inTransaction(database.db, (tx) => store.publish(tx, channel, body))
  return { ...store, tell }
}

async function sqlNodes(t: Test): Promise<Nodes<Teller> & { db: OpenDatabase['db'] }> {
  const url = testEnvironment(t)['DATABASE_URL'] ?? ''
  const clock = testClock()
  const open = () => {
    const database = openDatabase(url)
    // the last to be done, since it was the first to be asked for
    t.teardown(() => closeDatabase(database))
    return database
  }
  const [one, two] = [open(), open()]
  await migrateUp(one.db)
  const here = await openStore(one, clock)
  const there = await openStore(two, clock)
  t.teardown(() => Promise.all([here.close(), there.close()]))
  return { here, there, pass: async (ms) => clock.advance(ms), db: one.db }
}

const closeDatabase = ({ db, line }: OpenDatabase) => Promise.all([db.destroy(), line?.destroy()])

async function redisNodes(t: Test): Promise<Nodes<Counters>> {
  const server = await startRedis()
  t.teardown(() => server.stop())
  return nodesOn(t, server.url)
}

async function nodesOn(t: Test, url: string): Promise<Nodes<Counters>> {
  const node = async () => {
    const redis = openRedis(url)
    redis.on('error', () => {})
    await eventually(() => redis.status === 'ready')
    const log = { info: () => {}, warn: () => {} }
    const counters = await createRedisCounters({ redis, now: Date.now, elapsed: () => performance.now(), log })
    t.teardown(() => {
      counters.close()
      redis.disconnect()
    })
    return counters
  }
  // Redis has a clock of its own, so only here time really has to pass
  return {
    here: await node(),
    there: await node(),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms + 20)),
  }
}

type Counting = Pick<Counters, 'count' | 'attempt' | 'forgive' | 'forget'>

/** Counters of one process are not shared, and keep the other promises. */
async function localNode(): Promise<Nodes<Counting>> {
  const clock = testClock()
  const here = createLocalCounters(clock)
  return { here, there: here, pass: async (ms) => clock.advance(ms) }
}

function counting(t: Test, makeNodes: (t: Test) => Promise<Nodes<Counting>>): void {
  t.test('a counter counts every event of its window, whichever node saw it, and starts again after', async (t) => {
    const { here, there, pass } = await makeNodes(t)
    const counts = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? here : there).count('c', 150)),
    )
    t.strictSame(
      counts.map(({ count }) => count).sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
    t.equal((await here.count('other', 150)).count, 1)
    await pass(150)
    t.equal((await there.count('c', 150)).count, 1)
  })

  t.test('a window closes at one time, however many events it has', async (t) => {
    const { here, there } = await makeNodes(t)
    const first = await here.count('c', 60_000)
    const second = await there.count('c', 60_000)
    t.ok(Math.abs(first.resets_at - second.resets_at) < 1000)
  })

  const spacing = { free: 3, first: 60_000, longest: 120_000, memory: 600_000 }
  const tried = (key: string, more = {}) => [{ key, spacing: { ...spacing, ...more } }]
  const passed = (attempts: readonly Attempt[]) => attempts.filter(({ refused }) => refused === undefined).length

  t.test('of tries at one moment as many pass as may, whichever node they come to', async (t) => {
    const { here, there } = await makeNodes(t)
    const attempts = await Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 ? here : there).attempt(tried('t'))),
    )
    t.equal(passed(attempts), 3)
    t.ok(attempts.every(({ refused }) => refused === undefined || refused === 't'))
    t.equal(passed([await here.attempt(tried('other'))]), 1)
  })

  t.test('then the waits grow, and tries are forgotten one by one', async (t) => {
    const { here, there, pass } = await makeNodes(t)
    const quick = { free: 1, first: 400, longest: 800, memory: 800 }
    const first = await here.attempt(tried('waits', quick))
    t.strictSame(first.tries, [1])
    const refused = await there.attempt(tried('waits', quick))
    t.equal(refused.refused, 'waits')
    t.equal(refused.next, first.next)
    await pass(400)
    const second = await there.attempt(tried('waits', quick))
    t.equal(second.refused, undefined)
    t.strictSame(second.tries, [2])
    t.ok(second.next - first.next >= 800, 'twice as long')
    await pass(1600)
    t.strictSame((await here.attempt(tried('waits', quick))).tries, [1])
  })

  t.test('a try counts under all of its keys, or under none', async (t) => {
    const { here, there } = await makeNodes(t)
    const both = [...tried('a', { free: 9 }), ...tried('b', { free: 2 })]
    const attempts = [await here.attempt(both), await there.attempt(both), await here.attempt(both)]
    t.strictSame(
      attempts.map(({ refused }) => refused),
      [undefined, undefined, 'b'],
    )
    t.strictSame((await here.attempt(tried('a', { free: 9 }))).tries, [3])
  })

  t.test('a try that is forgiven was not made, and what is forgotten begins anew', async (t) => {
    const { here, there } = await makeNodes(t)
    for (let time = 0; time < 6; time += 1) {
      t.equal(passed([await here.attempt(tried('forgiven'))]), 1)
      await there.forgive(tried('forgiven'))
    }
    for (let time = 0; time < 3; time += 1) t.equal(passed([await here.attempt(tried('forgiven'))]), 1)
    t.equal(passed([await here.attempt(tried('forgiven'))]), 0)
    await there.forget(['forgiven'])
    t.strictSame((await here.attempt(tried('forgiven'))).tries, [1])
    await here.forgive(tried('nobody tried this'))
    t.strictSame((await there.attempt(tried('nobody tried this'))).tries, [1])
  })
}

t.test('counters in the database', async (t) => counting(t, sqlNodes))
t.test('counters in Redis', { skip: isLeftOut('redis') }, async (t) => counting(t, redisNodes))
// the database has no part in these
if (!isLeftOut('redis') && !onPostgres()) {
  t.test('counters in a cluster', async (t) => {
    const { url } = await startCluster(t)
    counting(t, (t) => nodesOn(t, url))
  })
  t.test('counters where Sentinel watches', async (t) => {
    const { url } = await startSentinels(t)
    counting(t, (t) => nodesOn(t, url))
  })
}
t.test('counters in one process', async (t) => counting(t, localNode))

t.test('embedded store', async (t) => {
  t.test('a value is there for every node until its time is over', async (t) => {
    const { here, there, pass } = await sqlNodes(t)
    await here.put('key', 'first', 60_000)
    await here.put('key', 'value', 100)
    t.equal(await there.peek('key'), 'value', 'the later value replaced the earlier one')
    t.equal(await there.peek('other'), undefined)
    await pass(100)
    t.equal(await there.peek('key'), undefined)
    t.equal(await there.take('key'), undefined)
  })

  t.test('of 100 parallel takers on two nodes exactly one gets the value', async (t) => {
    const { here, there } = await sqlNodes(t)
    await here.put('token', 'value', 60_000)
    const taken = await Promise.all(Array.from({ length: 100 }, (_, index) => (index % 2 ? here : there).take('token')))
    t.strictSame(
      taken.filter((value) => value !== undefined),
      ['value'],
    )
  })

  t.test(
    'a message reaches the subscribers of every node, those of the publisher before publish resolves',
    async (t) => {
      const { here, there } = await sqlNodes(t)
      const heardHere: string[] = []
      const heardThere: string[] = []
      here.subscribe('news', { hear: (body) => heardHere.push(body), lose() {} })
      there.subscribe('news', { hear: (body) => heardThere.push(body), lose() {} })
      there.subscribe('other', { hear: () => t.fail('another channel'), lose() {} })
      for (const body of ['one', 'two', 'three']) {
        await here.tell('news', body)
        t.ok(heardHere.includes(body))
      }
      await there.catchUp()
      t.strictSame(heardThere, ['one', 'two', 'three'])
    },
  )

  t.test('two nodes that publish at once both hear everything', async (t) => {
    const { here, there } = await sqlNodes(t)
    const heard = { here: new Set<string>(), there: new Set<string>() }
    here.subscribe('news', { hear: (body) => heard.here.add(body), lose() {} })
    there.subscribe('news', { hear: (body) => heard.there.add(body), lose() {} })
    await Promise.all(Array.from({ length: 50 }, (_, index) => (index % 2 ? here : there).tell('news', String(index))))
    await Promise.all([here.catchUp(), there.catchUp()])
    t.equal(heard.here.size, 50)
    t.equal(heard.there.size, 50)
  })

  t.test('what is rolled back is told to nobody, and what comes after it to everybody', async (t) => {
    const { here, there, db } = await sqlNodes(t)
    const heard: string[] = []
    for (const node of [here, there]) node.subscribe('news', { hear: (body) => heard.push(body), lose() {} })
    const fails = inTransaction(db, async (tx) => {
      await here.publish(tx, 'news', 'never')
      throw new Error('thought better of it')
    })
    await t.rejects(fails, /thought better/)
    for (const body of ['one', 'two']) {
      await here.tell('news', body)
      await there.catchUp()
    }
    t.strictSame(heard, ['one', 'one', 'two', 'two'])
  })

  t.test('what a transaction tells twice is told once', async (t) => {
    const { here, there, db } = await sqlNodes(t)
    const heard: string[] = []
    for (const node of [here, there]) node.subscribe('news', { hear: (body) => heard.push(body), lose() {} })
    await inTransaction(db, async (tx) => {
      for (const body of ['one', 'one', 'two', 'one']) await here.publish(tx, 'news', body)
    })
    await there.catchUp()
    t.strictSame(heard, ['one', 'two', 'one', 'two'])
  })

  t.test('a node does not hear its own messages again, whatever came in between', async (t) => {
    const { here, there } = await sqlNodes(t)
    const heard: string[] = []
    here.subscribe('news', { hear: (body) => heard.push(body), lose() {} })
    await there.tell('news', 'theirs')
    await here.tell('news', 'ours')
    await here.catchUp()
    await here.tell('news', 'ours again')
    await here.catchUp()
    t.strictSame(heard, ['ours', 'theirs', 'ours again'])
  })

  t.test('a node never goes by what it heard while another may have written', async (t) => {
    const { here, there } = await sqlNodes(t)
    if (onPostgres()) {
      t.notOk(there.isCurrent(), 'only asking tells')
      return
    }
    const heard: string[] = []
    there.subscribe('news', { hear: (body) => heard.push(body), lose() {} })
    t.ok(there.isCurrent())
    await here.tell('news', 'one')
    t.notOk(there.isCurrent())
    await eventually(() => there.isCurrent())
    t.strictSame(heard, ['one'])
  })

  t.test(
    'a node that did not look for longer than messages are kept is told that it may have missed some',
    async (t) => {
      const { here, there, pass } = await sqlNodes(t)
      let losses = 0
      there.subscribe('news', { hear() {}, lose: () => (losses += 1) })
      await here.tell('news', 'one')
      await there.catchUp()
      t.equal(losses, 0)
      // in this order: who sees that nobody writes has missed nothing
      await here.tell('news', 'two')
      await pass(60_001)
      await there.catchUp()
      t.equal(losses, 1)
    },
  )

  t.test('what has expired is removed by the writes that follow', async (t) => {
    const database = openDatabase(testEnvironment(t)['DATABASE_URL'] ?? '')
    await migrateUp(database.db)
    const clock = testClock()
    const store = await openStore(database, clock)
    t.teardown(async () => {
      await store.close()
      await closeDatabase(database)
    })
    for (let index = 0; index < 100; index += 1) {
      await store.put(`key ${index}`, 'value', 1000)
      await store.tell('news', String(index))
    }
    clock.advance(600_001)
    for (let index = 0; index < 10; index += 1) {
      await store.put('living', 'value', 1000)
      await store.tell('news', 'living')
    }
    const rows = async (table: 'ephemeral' | 'messages') =>
      (await database.db.selectFrom(table).selectAll().execute()).length
    t.equal(await rows('ephemeral'), 1)
    t.equal(await rows('messages'), 10)
  })
})
