import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import BetterSqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { bearer, isLeftOut, type Tokens } from './support/app.ts'
import { commandLine } from './support/command-line.ts'
import { smallDisk } from './support/disk.ts'
import { call, type Service, startService } from './support/service.ts'
import { eventually } from './support/wait.ts'

type Line = ReturnType<typeof commandLine>

const password = 'a long password'

interface Member extends Tokens {
  username: string
}

async function join(service: Service, username: string): Promise<Member> {
  const person = { username, email: `${username}@example.org`, password }
  const { status, body } = await call<Tokens>(`${service.api}/auth/register`, person)
  if (status !== 201) throw new Error(`registration answered ${status}`)
  return { username, ...body }
}

const refresh = ({ api }: Service, refresh_token: string) => call<Tokens>(`${api}/auth/refresh`, { refresh_token })
const login = ({ api }: Service, identifier: string) => call<Tokens>(`${api}/auth/login`, { identifier, password })
const me = ({ api }: Service, token: string) => call(`${api}/users/me`, undefined, bearer(token))

/** Registers and refreshes until it is told to stop; returns who was registered. */
function keepWriting(service: Service, name: string) {
  let isWanted = true
  const members: Member[] = []
  const done = (async () => {
    for (let count = 0; isWanted; count += 1) {
      const member = await join(service, `${name}.${count}`)
      const { status, body } = await refresh(service, member.refresh_token)
      if (status !== 200) throw new Error(`refresh answered ${status}`)
      members.push({ ...member, ...body })
    }
  })()
  return {
    members,
    async stop() {
      isWanted = false
      await done
    },
  }
}

/** Makes the database so large that copying it takes a while. */
function swell(line: Line, rows: number): void {
  const file = new BetterSqlite(line.path('test.db'))
  file
    .prepare(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
       insert into users (uid, username, username_key, name, created_at, updated_at)
       select printf('%032x', i), 'swell' || i, 'swell' || i, hex(randomblob(100)), 0, 0 from n`,
    )
    .run(rows)
  file.close()
}

const isDatabase = (line: Line, name: string) => {
  const file = new BetterSqlite(line.path(name), { readonly: true })
  const found = file.pragma('integrity_check', { simple: true })
  file.close()
  return found === 'ok'
}

t.test('a backup made under load is restored, and everybody of that moment goes on', async (t) => {
  const line = commandLine(t)
  let service = await startService(t, line.environment)
  swell(line, 60_000)
  const before = await Promise.all(Array.from({ length: 10 }, (_, index) => join(service, `before.${index}`)))
  const writers = ['a', 'b', 'c'].map((name) => keepWriting(service, name))
  await after(100)

  const backup = await line.latchkey('db', 'backup', line.path('backup.db'))
  const written = writers.flatMap(({ members }) => members).length
  await Promise.all(writers.map(({ stop }) => stop()))
  t.match(backup, {
    code: 0,
    stderr: '',
    stdout: /backup\.db: 60,\d{3} accounts, [\d,]+ sessions, schema .*; checked\n/,
  })
  t.ok(written > 5, `${written} were registered before it was done`)
  t.equal(statSync(line.path('backup.db')).mode & 0o777, 0o600)
  t.strictSame(readdirSync(line.folder).sort(), ['backup.db', 'test.db', 'test.db-shm', 'test.db-wal'])

  await join(service, 'too.late')
  t.match(await line.latchkey('db', 'restore', 'backup.db'), {
    code: 1,
    stdout: '',
    stderr: `latchkey: ${line.path('test.db')} is in use: stop every process first\n`,
  })
  await service.end('SIGTERM')
  t.match(await line.latchkey('db', 'restore', 'backup.db'), {
    code: 0,
    stdout: /what it replaced is in .*before-\d+T/,
  })
  const files = readdirSync(line.folder)
  t.strictSame([files.length, files.filter((name) => /-(wal|shm|journal)|restoring/.test(name))], [3, []])

  service = await startService(t, line.environment)
  t.equal((await login(service, 'too.late')).status, 401, 'who came after the backup is not there')
  for (const member of before) {
    t.equal((await me(service, member.access_token)).status, 200)
    t.equal((await refresh(service, member.refresh_token)).status, 200)
    t.equal((await login(service, member.username)).status, 200)
  }
  const kept = files.find((name) => name.includes('before-')) ?? ''
  const old = new BetterSqlite(line.path(kept), { readonly: true })
  t.equal(old.prepare("select count(*) from users where username = 'too.late'").pluck().get(), 1, 'but in what is kept')
  old.close()
})

t.test('nothing is overwritten, and what is no backup is not restored', async (t) => {
  const line = commandLine(t)
  const refusal = async (args: string[], stderr: RegExp, code = 1) =>
    t.match(await line.latchkey('db', ...args), { code, stdout: '', stderr })

  await refusal(['backup', 'b.db'], /test\.db does not exist\n$/)
  await line.latchkey('db', 'create')
  line.write('precious', 'a letter')
  await refusal(['backup', 'precious'], /^latchkey: precious exists already; nothing was written\n$/)
  symlinkSync(line.path('nowhere'), line.path('link'))
  await refusal(['backup', 'link'], /^latchkey: link exists already; nothing was written\n$/)
  await refusal(['backup', 'no/such/folder/b.db'], /ENOENT/)

  await refusal(['restore', 'nothing'], /^latchkey: nothing cannot be opened: /)
  await refusal(['restore', 'precious'], /^latchkey: precious is not a database\n$/)
  await refusal(['restore', 'test.db'], /^latchkey: test\.db is the database itself\n$/)
  const other = new BetterSqlite(line.path('other.db'))
  other.exec('create table users (id)')
  other.close()
  await refusal(['restore', 'other.db'], /^latchkey: other\.db is not a database of Latchkey\n$/)

  t.match(await line.latchkey('db', 'backup', 'b.db'), { code: 0 })
  const newer = new BetterSqlite(line.path('b.db'))
  newer.exec("insert into kysely_migration values ('0999-wonders', '2030-01-01T00:00:00.000Z')")
  newer.close()
  await refusal(['restore', 'b.db'], /is of a newer version of Latchkey, which has made the migrations 0999-wonders\n$/)

  await line.latchkey('db', 'backup', 'cut.db')
  truncateSync(line.path('cut.db'), statSync(line.path('cut.db')).size - 4096)
  await refusal(['restore', 'cut.db'], /cut\.db .*(malformed|damaged)/)

  t.ok(isDatabase(line, 'test.db'), 'the database is what it was')
  const memory = { DATABASE_URL: 'sqlite::memory:' }
  t.match(await line.start(['db', 'backup', 'm.db'], memory).ended, { code: 2 })
  t.strictSame(
    readdirSync(line.folder).filter((name) => /writing|restoring|before/.test(name)),
    [],
    'and nothing half done is left',
  )
  t.equal(readFileSync(line.path('precious'), 'utf8'), 'a letter')
})

t.test('a database with a row that leads nowhere gives no backup, and a backup with one is not restored', async (t) => {
  const line = commandLine(t)
  await line.latchkey('db', 'create')
  t.match(await line.latchkey('db', 'backup', 'good.db'), { code: 0 })
  const breakIn = (name: string) => {
    const file = new BetterSqlite(line.path(name))
    // the pages are whole, and so is the index: only what refers to what is not
    file.pragma('foreign_keys = OFF')
    file.exec("insert into passwords (user_id, hash, updated_at) values (4711, 'of nobody', 0)")
    file.close()
  }
  breakIn('good.db')
  const refused = { code: 1, stdout: '', stderr: /rows of passwords lead nowhere\n$/ }
  t.match(await line.latchkey('db', 'restore', 'good.db', '--yes'), refused)
  breakIn('test.db')
  t.match(await line.latchkey('db', 'backup', 'bad.db'), refused)
  t.notOk(existsSync(line.path('bad.db')), 'nothing is left of it')
})

t.test('a damaged database is replaced with --yes only, and what lay beside it does not come back', async (t) => {
  const line = commandLine(t)
  let service = await startService(t, line.environment)
  const ada = await join(service, 'ada')
  t.match(await line.latchkey('db', 'backup', 'backup.db'), { code: 0 })
  await join(service, 'bob')
  await service.end('SIGKILL')
  line.write('test.db', 'not what it used to be'.repeat(1000))
  line.write('test.db-journal', readFileSync(line.path('test.db-wal')))
  line.write('test.db-wal', 'nor this')
  t.match(await line.latchkey('db', 'restore', 'backup.db'), { code: 1, stderr: /cannot be seen; --yes replaces it/ })
  t.match(await line.latchkey('db', 'restore', 'backup.db', '--yes'), { code: 0 })
  service = await startService(t, line.environment)
  t.equal((await refresh(service, ada.refresh_token)).status, 200)
  t.equal((await login(service, 'bob')).status, 401)
})

t.test('a restoration that was killed has changed nothing, at whatever moment that was', async (t) => {
  const line = commandLine(t)
  const service = await startService(t, line.environment)
  const ada = await join(service, 'ada')
  await service.end('SIGTERM')
  swell(line, 100_000)
  t.match(await line.latchkey('db', 'backup', 'backup.db'), { code: 0 })
  const later = new BetterSqlite(line.path('test.db'))
  later.exec("update users set name = 'since the backup' where username = 'ada'")
  later.close()

  for (const megabytes of [0, 20]) {
    const running = line.start(['db', 'restore', 'backup.db'])
    const draft = () => readdirSync(line.folder).find((name) => name.endsWith(`restoring-${running.process.pid}`)) ?? ''
    await eventually(() => draft() !== '' && statSync(line.path(draft())).size >= megabytes * 1e6)
    running.process.kill('SIGKILL')
    t.equal((await running.ended).code, 'SIGKILL')
  }
  const again = await startService(t, line.environment)
  t.match((await me(again, (await refresh(again, ada.refresh_token)).body.access_token)).body, {
    name: 'since the backup',
  })
  await again.end('SIGTERM')

  // from the moment of the renaming on, it is the backup that is there
  const last = line.start(['db', 'restore', 'backup.db'])
  await eventually(() => readdirSync(line.folder).some((name) => name.includes('before-')))
  await after(200)
  last.process.kill('SIGKILL')
  await last.ended
  const restored = await startService(t, line.environment)
  t.match((await me(restored, (await refresh(restored, ada.refresh_token)).body.access_token)).body['name'], undefined)
})

t.test(
  'who opened the database during a restoration is turned away, rather than left with what was replaced',
  async (t) => {
    const line = commandLine(t)
    await line.latchkey('db', 'create')
    swell(line, 100_000)
    await line.latchkey('db', 'backup', 'backup.db')
    const running = line.start(['db', 'restore', 'backup.db'])
    // as src/db does it: opened at once, and used when the lock is gone, after 5 s at the latest
    await eventually(() => readdirSync(line.folder).some((name) => name.includes('restoring-')))
    const early = new BetterSqlite(line.path('test.db'), { timeout: 5000 })
    t.throws(() => early.pragma('journal_mode = WAL'), { code: 'SQLITE_BUSY' })
    early.close()
    t.match(await running.ended, { code: 0 })
    t.ok(isDatabase(line, 'test.db'))
  },
)

t.test('a terminal is shown how far it has come', async (t) => {
  const line = commandLine(t)
  await line.latchkey('db', 'create')
  swell(line, 300_000)
  const shown = await line.atTerminal(['db', 'backup', 'b.db'])
  t.match(shown.replaceAll('\r\u001b[K', '<anew>'), /<anew>\[=* *\] \d+ % {2}[\d,]+ pages {2}[\d,]+\/s<anew>/)
  t.match(shown, '\r\u001b[Kb.db: 300,000 accounts', 'and it is gone in the end')
})

async function whereTheDiskIsFull(t: Test) {
  const line = commandLine(t)
  const disk = smallDisk(t, '1m')
  const service = await startService(t, line.environment)
  const ada = await join(service, 'ada')
  swell(line, 10_000)
  t.match(await line.latchkey('db', 'backup', `${disk.folder}/b.db`), {
    code: 1,
    stdout: '',
    stderr: /^latchkey: .*(full|disk).*\n$/,
  })
  t.strictSame(readdirSync(disk.folder), [], 'of the backup nothing is left')
  t.match(await line.latchkey('db', 'backup', 'b.db'), { code: 0 })

  const small = { DATABASE_URL: `sqlite:${disk.folder}/small.db` }
  await line.start(['db', 'create'], small).ended
  t.match(await line.start(['db', 'restore', 'b.db'], small).ended, { code: 1, stdout: '', stderr: /full|disk/ })
  t.strictSame(readdirSync(disk.folder), ['small.db'], 'and of the restoration')
  t.match(await line.start(['migrate', 'status'], small).ended, { code: 0, stdout: /0001-core/ })
  t.equal((await refresh(service, ada.refresh_token)).status, 200, 'the service has not noticed')
  t.ok(existsSync(line.path('b.db')))
}

if (!isLeftOut('mounts')) t.test('a full disk leaves neither half a backup nor half a database', whereTheDiskIsFull)
