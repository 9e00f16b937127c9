import { setTimeout as after } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { bearer, CHEAP_HASH, isLeftOut } from '../support/app.ts'
import { commandLine } from '../support/command-line.ts'
import { comeBack, findFaults, join, keepBusy, type Member, read, swell } from '../support/copying.ts'
import { newPostgresDatabase } from '../support/postgres.ts'
import { call, type Service, startService } from '../support/service.ts'

/** The highest id of an account that is there. */
const highestOf = async (url: string) => Number((await read(url, 'select max(id) from users'))[0])

async function leave(service: Service, { access_token }: Member): Promise<void> {
  const { status } = await fetch(`${service.api}/users/me`, { method: 'DELETE', headers: bearer(access_token) })
  if (status !== 204) throw new Error(`the deletion answered ${status}`)
}

interface Move {
  line: ReturnType<typeof commandLine>
  from: string
  to: string
  /** those who came before; who comes meanwhile is added */
  members: Member[]
}

/** Moves a service under load from one database to another one; returns the service there. */
async function move(t: Test, service: Service, { line, from, to, members }: Move): Promise<Service> {
  const run = (...more: string[]) => line.start(['db', 'copy', '--to', to, ...more], { DATABASE_URL: from }).ended
  const prefix = `while${members.length}`
  const writers = ['a', 'b', 'c'].map((name) => keepBusy(service, `${prefix}${name}`))
  await after(100)

  const first = await run()
  t.match(first, { code: 0, stderr: '', stdout: /counts and checksums are the same on both sides/ })
  t.match(first.stdout, /is still in use; --finish/)
  const last = await run('--finish')
  t.match(last, { code: 0, stderr: '', stdout: /was moved and refuses every write/ })
  t.match(last.stdout, /counts and checksums are the same on both sides/)
  const pause = Number(/writes waited for ([\d,]+) ms/.exec(last.stdout)?.[1]?.replace(',', ''))
  t.ok(pause > 0, `writes waited for ${pause} ms`)
  t.strictSame(await Promise.all(writers.map(({ done }) => done)), Array(3).fill('refused'), 'with 503')
  t.notOk(first.stdout.includes('secret') || last.stdout.includes('secret'), 'no password is shown')

  const all = writers.flatMap((writer) => writer.members)
  t.ok(all.length > 10, `${all.length} came meanwhile`)
  const [someone] = members
  const read = await call(`${service.api}/users/me`, undefined, bearer(someone?.access_token ?? ''))
  t.equal(read.status, 200, 'the old one still answers what only reads')
  t.match(await line.start(['serve'], { DATABASE_URL: from, PORT: '0' }).ended, {
    code: 1,
    stderr: /^latchkey: this database was moved to .*DATABASE_URL must lead/,
  })
  t.match(await run('--finish'), { code: 0, stdout: /was moved/ }, 'once more does nothing')
  await service.end('SIGTERM')
  members.push(...all)

  t.match(await line.start(['audit', 'verify'], { DATABASE_URL: to }).ended, {
    code: 0,
    stdout: /^[\d,]{3,} events verified, numbers 1 to .* [1-9]\d* checkpoints/,
  })
  const there = await startService(t, { ...line.environment, DATABASE_URL: to })
  t.strictSame(await findFaults(there, members), [])
  return there
}

async function thereAndBack(t: Test) {
  const line = commandLine(t, CHEAP_HASH)
  const url = new URL(newPostgresDatabase(t, { migrated: false }))
  url.password = 'secret words'
  const sqlite = line.environment.DATABASE_URL
  let service = await startService(t, line.environment)
  swell(line.path('test.db'), 4000)
  const ada = await join(service, 'ada')
  const bob = await join(service, 'bob')
  await comeBack(service, bob)
  const members = [ada, bob]

  service = await move(t, service, { line, from: sqlite, to: url.href, members })
  const highest = await highestOf(url.href)
  await leave(service, await join(service, 'gone.one'))
  await join(service, 'next.one')
  t.equal(await highestOf(url.href), highest + 2, 'ids go on, and that of a deleted account is not used again')
  await leave(service, await join(service, 'gone.two'))

  const back = `sqlite:${line.path('back.db')}`
  service = await move(t, service, { line, from: url.href, to: back, members })
  const before = await highestOf(back)
  await join(service, 'last.one')
  t.ok((await highestOf(back)) > before, 'ids go on here, too')
}

if (!isLeftOut('postgres'))
  t.test('a service at work moves to PostgreSQL and back, and everything acknowledged holds', thereAndBack)
