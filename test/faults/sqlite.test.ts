/** What becomes of the service when its SQLite file cannot be written, read or had to itself. */
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import BetterSqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { bearer, isLeftOut, testEnvironment } from '../support/app.ts'
import { emptyFolder, PROJECT, startChild } from '../support/child.ts'
import { breakableDisk, canBreakDisks, smallDisk } from '../support/disk.ts'
import { acknowledgements, ask, live } from '../support/fault.ts'
import { startService } from '../support/service.ts'
import { eventually } from '../support/wait.ts'

const times = <T>(count: number, work: () => Promise<T>) => Promise.all(Array.from({ length: count }, work))

async function onAFullDisk(t: Test) {
  const disk = smallDisk(t, '8m')
  const environment = testEnvironment(t, { DATABASE_URL: `sqlite:${disk.folder}/test.db` })
  const people = acknowledgements(t)
  let service = await startService(t, environment)
  await times(10, () => people.register(service))

  disk.fill()
  const statuses = (await times(30, () => people.register(service))).concat(await people.refresh(service))
  t.ok(statuses.filter((status) => status === 503).length > 20, `${statuses}`)
  const [known] = [...people.members.values()]
  t.equal((await ask(t, `${service.api}/users/me`, undefined, bearer(known?.access_token ?? ''))).status, 200)
  t.equal((await live(t, service)).status, 200)
  const ready = () => ask(t, service.api.replace('/api/v1', '/health/ready'))
  await eventually(async () => (await ready()).status === 503)
  t.equal((await ready()).body['detail'], 'The database takes no writes.')

  disk.free()
  await eventually(async () => (await ready()).status === 200)
  t.equal(await people.register(service), 201, 'with room on the disk it goes on by itself')
  await people.check(service, 'with room again')
  disk.fill()
  await times(10, () => people.register(service))
  await service.end('SIGKILL')
  disk.free()
  service = await startService(t, environment)
  await people.check(service, 'killed on the full disk')
}

async function onAReadOnlyDisk(t: Test) {
  const disk = smallDisk(t, '8m')
  const environment = testEnvironment(t, { DATABASE_URL: `sqlite:${disk.folder}/test.db` })
  const people = acknowledgements(t)
  let service = await startService(t, environment)
  await people.register(service)
  await service.end('SIGTERM')
  disk.remount('ro')
  await refusal(
    t,
    environment,
    /^latchkey: the database .*test\.db cannot be opened: .*(read-?only|unable to open).*\n$/,
  )
  disk.remount('rw')
  service = await startService(t, environment)
  await people.check(service, 'writable again')
}

async function onADiskThatTurnsReadOnly(t: Test) {
  const disk = breakableDisk(t)
  const people = acknowledgements(t)
  const service = await startService(t, testEnvironment(t, { DATABASE_URL: `sqlite:${disk.folder}/test.db` }))
  await people.register(service)
  disk.break()
  t.equal(await people.register(service), 503)
  const ready = () => ask(t, service.api.replace('/api/v1', '/health/ready'))
  await eventually(async () => (await ready()).status === 503)
  t.equal((await ready()).body['detail'], 'The database takes no writes.')
  const [known] = [...people.members.values()]
  t.equal((await ask(t, `${service.api}/users/me`, undefined, bearer(known?.access_token ?? ''))).status, 200)
}

/** A start that must end by itself with one line and exit code 1. */
async function refusal(t: Test, environment: Record<string, string>, line: RegExp) {
  const env = { ...environment, PORT: '0' }
  const { code, stderr } = await startChild(t, { args: [`${PROJECT}/src/server.ts`], cwd: emptyFolder(t), env }).ended
  t.match({ code, stderr }, { code: 1, stderr: line })
}

if (!isLeftOut('mounts')) {
  t.test('on a full disk: 503, and what was acknowledged holds', onAFullDisk)
  t.test('on a disk that is read-only: no start, in one line', onAReadOnlyDisk)
  const skip = canBreakDisks() ? false : 'no disk can be broken here'
  t.test('on a disk that turns read-only: 503, not ready, and reading goes on', { skip }, onADiskThatTurnsReadOnly)
}

t.test('while another process holds the lock: 503 in time, and the rest of the service answers', async (t) => {
  const environment = testEnvironment(t)
  const people = acknowledgements(t)
  const service = await startService(t, environment)
  await times(5, () => people.register(service))
  const tokens = [...people.members.values()].map(({ access_token }) => access_token)
  // each has been seen by nobody before, and has to be looked up
  const me = () => ask(t, `${service.api}/users/me`, undefined, bearer(tokens.pop() ?? ''))
  const other = new BetterSqlite(environment['DATABASE_URL']?.slice('sqlite:'.length))
  other.exec('begin exclusive')
  const started = performance.now()
  const writes = times(20, () => people.register(service))
  const refreshes = people.refresh(service)
  let slowest = 0
  let rounds = 0
  const answered = Promise.all([writes, refreshes])
  let isOver = false
  answered.then(() => {
    isOver = true
  })
  while (!isOver) {
    const [alive, mine] = await Promise.all([live(t, service), tokens.length > 0 ? me() : live(t, service)])
    if (alive.status !== 200 || mine.status !== 200) t.fail(`${alive.status} and ${mine.status}`)
    slowest = Math.max(slowest, alive.ms, mine.ms)
    rounds += 1
    await after(50)
  }
  const statuses = (await answered).flat()
  t.strictSame([...new Set(statuses)], [503], 'who writes is told to come back')
  const took = performance.now() - started
  t.ok(took > 4000 && took < 9000, `all of them after ${Math.round(took)} ms`)
  t.ok(slowest < 500, `the slowest of ${rounds} requests beside took ${Math.round(slowest)} ms`)

  const second = await startService(t, environment)
  t.equal(await people.register(second), 503, 'who starts meanwhile reads, and says the same of writing')
  await second.end('SIGTERM')
  const late = people.register(service)
  await after(300)
  other.exec('rollback')
  t.equal(await late, 201, 'who waited when the lock was given back is served')
  await people.check(service, 'with the lock given back')
  other.close()
})

t.test('a file that is no database, or half of one, keeps the service from starting, in one line', async (t) => {
  const environment = testEnvironment(t)
  const path = environment['DATABASE_URL']?.slice('sqlite:'.length) ?? ''
  const service = await startService(t, environment)
  await times(20, () => acknowledgements(t).register(service))
  await service.end('SIGTERM')
  const sound = readFileSync(path)
  writeFileSync(path, 'nothing that anybody would call a database'.repeat(500))
  await refusal(t, environment, /^latchkey: the database .*test\.db cannot be opened: file is not a database\n$/)
  writeFileSync(path, sound)
  truncateSync(path, 4096 * 3)
  await refusal(t, environment, /^latchkey: .*test\.db.*\n$/)
  t.equal(statSync(path).size, 4096 * 3, 'what is left of it is left alone')
})
/** Overwrites every page of a table and its indexes. */
function damage(path: string, table: string): void {
  const file = new BetterSqlite(path)
  file.pragma('journal_mode = DELETE')
  const size = file.pragma('page_size', { simple: true }) as number
  const pages = file
    .prepare('select pageno from dbstat where name in (select name from sqlite_schema where tbl_name = ?)')
    .pluck()
    .all(table) as number[]
  file.close()
  const bytes = readFileSync(path)
  for (const page of pages) bytes.fill(0xff, (page - 1) * size, page * size)
  writeFileSync(path, bytes)
}

t.test('damaged pages: no start, or 503 where they are needed, and never a wrong answer', async (t) => {
  const environment = testEnvironment(t)
  const path = environment['DATABASE_URL']?.slice('sqlite:'.length) ?? ''
  const people = acknowledgements(t)
  const first = await startService(t, environment)
  await times(20, () => people.register(first))
  await first.end('SIGTERM')
  const sound = readFileSync(path)
  const [[username, known] = ['', undefined]] = [...people.members]

  for (const table of ['kysely_migration', 'signing_keys', 'messages']) {
    writeFileSync(path, sound)
    damage(path, table)
    await refusal(t, environment, /^latchkey: .*(malformed|damaged).*\n$/)
  }
  for (const table of ['users', 'passwords', 'sessions', 'user_roles']) {
    writeFileSync(path, sound)
    damage(path, table)
    const service = await startService(t, environment)
    const login = { identifier: username, password: 'a long password' }
    const statuses = [
      await people.register(service),
      (await ask(t, `${service.api}/auth/login`, login)).status,
      (await ask(t, `${service.api}/auth/refresh`, { refresh_token: known?.refresh_token })).status,
      (await ask(t, `${service.api}/users/me`, undefined, bearer(known?.access_token ?? ''))).status,
    ]
    t.strictSame(new Set(statuses.filter((status) => status >= 300)), new Set([503]), `${table}: ${statuses}`)
    t.equal((await live(t, service)).status, 200)
    await service.end('SIGKILL')
  }
})
