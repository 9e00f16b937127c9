/** `latchkey doctor`: what it sees, and that it only looks. */
import { readdirSync } from 'node:fs'
import t from 'tap'
import type { Finding } from '../src/doctor/finding.ts'
import { suggestParameters } from '../src/doctor/hashes.ts'
import { type Environment, isLeftOut, onPostgres, sharedRedis } from './support/app.ts'
import { commandLine } from './support/command-line.ts'
import { matchLists } from './support/match.ts'
import { freePort } from './support/ports.ts'

type Line = ReturnType<typeof commandLine>

/** Asks for JSON; the findings by what they are about. */
async function examine(line: Line, environment: Environment = {}) {
  const { code, stdout, stderr } = await line.start(['doctor', '--json'], environment).ended
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] }
  const about = (subject: Finding['about']) => findings.filter(({ about }) => about === subject)
  return { code, stderr, stdout, ok, findings, about, faults: findings.filter(({ state }) => state === 'fault') }
}

t.test('before the first start it says what is to come, and makes nothing', async (t) => {
  const line = commandLine(t)
  const { code, stdout, stderr } = await line.latchkey('doctor')
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(stdout, /^warning {2}database .*is not there yet/m)
  t.match(stdout, /^ok {7}hashes {9}a hash takes [\d.]+ ms, all cores make [\d.]+ a second; argon2 is (pre)?built/m)
  t.match(stdout, /^ok {7}hashes {9}for 50 ms: ARGON2_MEMORY=\d+ ARGON2_TIME=\d+ ARGON2_PARALLELISM=1$/m)
  t.match(stdout, /^warning {2}hashes .*is below OWASP's least, ARGON2_MEMORY=19456 ARGON2_TIME=2/m)
  t.match(stdout, /^ok {7}redis {10}none is configured/m)
  t.strictSame(readdirSync(line.folder), [])
})

t.test('a service that works is well, and what is wrong with one is a fault', async (t) => {
  const line = commandLine(t)
  // makes the database and its keys
  t.equal((await line.latchkey('keys', 'list')).code, 0)
  const well = await examine(line)
  t.equal(well.code, 0, well.stdout)
  t.equal(well.ok, true)
  const [answers, durable] = well.about('database')
  t.match(answers, { state: 'ok', facts: { kind: onPostgres() ? 'postgresql' : 'sqlite', ms: Number } })
  // the tests' own server of PostgreSQL keeps nothing
  t.match(
    durable,
    onPostgres() ? { state: 'warning', text: /^fsync is off/ } : { state: 'ok', text: /synchronous=FULL/ },
  )
  matchLists(t, well.about('migrations'), [{ state: 'ok' }])
  matchLists(t, well.about('keys'), [{ state: 'ok', text: 'JWT_KEY opens all of them (1)' }])
  t.match(well.about('hashes')[0]?.facts, { ms: Number, per_second: Number, binary: String })
  if (onPostgres()) matchLists(t, well.about('clock'), [{ state: 'ok' }])

  const another = await examine(line, { JWT_KEY: 'another master key, of more than 32 bytes, too' })
  t.equal(another.code, 1)
  matchLists(t, another.faults, [{ about: 'keys', text: 'they were sealed under another JWT_KEY' }])

  t.equal((await line.latchkey('migrate', 'down', '--yes')).code, 0)
  const behind = await examine(line, { MIGRATE: 'check' })
  t.equal(behind.code, 1)
  matchLists(t, behind.faults, [{ about: 'migrations', text: /^[\w-]+ has not run$/ }])
  t.equal((await examine(line)).code, 0, 'a start would run it')
})

t.test('Redis has to answer where one is configured', async (t) => {
  const line = commandLine(t)
  const away = await examine(line, { REDIS_URL: `redis://:a-password-of-redis@127.0.0.1:${await freePort()}` })
  t.equal(away.code, 1)
  matchLists(t, away.faults, [{ about: 'redis', text: /^127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/ }])
  t.notMatch(away.stdout, 'a-password-of-redis')
  if (isLeftOut('redis')) return
  const { url } = await sharedRedis()
  const there = await examine(line, { REDIS_URL: url })
  t.equal(there.code, 0)
  matchLists(t, there.about('redis'), [{ state: 'ok', facts: { ms: Number } }])
  matchLists(t, there.about('clock'), [{ state: 'ok', text: /^the clock of Redis/ }])
})

t.test('a configuration that cannot be is told whole, without secrets', async (t) => {
  const line = commandLine(t)
  const { code, about, findings, stdout } = await examine(line, { PORT: 'x', JWT_KEY: 'too short', HASH_QUEUE: '-1' })
  t.equal(code, 1)
  t.equal(about('configuration').length, 3)
  t.equal(findings.length, 3, 'nothing else can be examined')
  t.notMatch(stdout, 'too short')
})

t.test('a database that is none is a fault', async (t) => {
  const line = commandLine(t, { DATABASE_URL: 'sqlite:test.db' })
  line.write('test.db', 'this is no database')
  const { code, faults } = await examine(line)
  t.equal(code, 1)
  matchLists(t, faults, [{ about: 'database', text: /^it cannot be used: .*not a database/ }])
})

t.test('times that are none are not understood', async (t) => {
  const line = commandLine(t)
  for (const time of ['fast', '0ms', '-5ms', '1h']) {
    const { code, stderr } = await line.latchkey('doctor', `--hash-time=${time}`)
    t.equal(code, 2, time)
    t.match(stderr, '--hash-time must be a duration', time)
  }
})

t.test('what is suggested takes about the time asked for, and is never below the least that is safe', async (t) => {
  const perPass = 0.0005
  const took = ({ memory, time }: ReturnType<typeof suggestParameters>) => memory * time * perPass
  t.strictSame(suggestParameters(1, perPass), { memory: 19456, time: 2, parallelism: 1 })
  for (const target of [25, 50, 100, 250, 500, 1000, 5000]) {
    const suggested = suggestParameters(target, perPass)
    t.ok(suggested.memory >= 19456 && suggested.time >= 2 && suggested.memory <= 262144)
    t.ok(took(suggested) <= target && took(suggested) > 0.6 * target, `${target} ms: ${JSON.stringify(suggested)}`)
  }
})
