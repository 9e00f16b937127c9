import t from 'tap'
import { loadConfig } from '../../../src/config.ts'
import { createHasher } from '../../../src/passwords/hasher.ts'
import { testEnvironment } from '../../support/app.ts'

const FROM = { ip: undefined, account: 'test' }
const SLOW = `$6$rounds=2000000$salt$${'a'.repeat(86)}`

t.test('our hashes are written as libargon2 reads them', async (t) => {
  const hasher = createHasher(loadConfig(testEnvironment(t, { ARGON2_TIME: '3', ARGON2_PARALLELISM: '2' })))
  const hash = await hasher.hash('a password', FROM)
  t.match(hash, /^\$argon2id\$v=19\$m=1024,t=3,p=2\$[\w+/]{22}\$[\w+/]{43}$/)
  t.equal(hasher.isOutdated(hash), false)
  t.equal(await hasher.verify(hash, 'a password', FROM), true)
  t.equal(await hasher.verify(hash, 'another password', FROM), false)
})

t.test('our hashes in the order that the npm package writes still count, and are written anew', async (t) => {
  const hasher = createHasher(loadConfig(testEnvironment(t)))
  const hash = await hasher.hash('a password', FROM)
  const old = hash.replace('t=1,p=1', 'p=1,t=1')
  t.equal(await hasher.verify(old, 'a password', FROM), true)
  t.equal(await hasher.verify(old, 'another password', FROM), false)
  t.equal(hasher.isOutdated(old), true)
})

t.test('every other hash is outdated, whatever it is', async (t) => {
  const hasher = createHasher(loadConfig(testEnvironment(t)))
  const hash = await hasher.hash('a password', FROM)
  for (const other of ['', 'x', hash.replace('argon2id', 'argon2i'), hash.replace('m=1024', 'm=1025'), SLOW])
    t.equal(hasher.isOutdated(other), true, other)
})

t.test('foreign hashes wait in the same queue, and a stop in the middle says nothing about the password', async (t) => {
  const hasher = createHasher(loadConfig(testEnvironment(t, { HASH_CONCURRENCY: '1', HASH_QUEUE: '1' })))
  const running = t.rejects(hasher.verify(SLOW, 'a password', FROM), { code: 'overloaded' })
  const waiting = hasher.verify('{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'password', FROM)
  t.strictSame(hasher.load(), { running: 1, waiting: 1 })
  await t.rejects(hasher.verify(SLOW, 'a password', FROM), { code: 'overloaded' })
  await hasher.close()
  await running
  t.equal(await waiting, true)
  t.strictSame(hasher.load(), { running: 0, waiting: 0 })
})

t.test(
  'hashes that wait with the threads count as waiting, and leave no room for more than the queue holds',
  async (t) => {
    const hasher = createHasher(loadConfig(testEnvironment(t, { HASH_CONCURRENCY: '1', HASH_QUEUE: '3' })), {
      ahead: 2,
    })
    const admitted = [1, 2, 3, 4].map((n) => hasher.hash(`password ${n}`, FROM))
    t.strictSame(hasher.load(), { running: 1, waiting: 3 })
    await t.rejects(hasher.hash('password 5', FROM), { code: 'overloaded' })
    t.equal(new Set(await Promise.all(admitted)).size, 4)
    t.strictSame(hasher.load(), { running: 0, waiting: 0 })
  },
)

t.test('where nothing may wait, nothing waits with the threads either', async (t) => {
  const hasher = createHasher(loadConfig(testEnvironment(t, { HASH_CONCURRENCY: '1', HASH_QUEUE: '0' })), { ahead: 2 })
  const only = hasher.hash('a password', FROM)
  await t.rejects(hasher.hash('another', FROM), { code: 'overloaded' })
  t.match(await only, /^\$argon2id\$/)
})
