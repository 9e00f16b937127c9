import t, { type Test } from 'tap'
import { isLeftOut } from '../support/app.ts'
import { commandLine } from '../support/command-line.ts'
import { makeDatabase, read, swell, write } from '../support/copying.ts'
import { newPostgresDatabase } from '../support/postgres.ts'

const COPIED = { code: 0, stdout: /counts and checksums are the same on both sides/ }

async function refusals(t: Test) {
  const line = commandLine(t)
  const from = line.environment.DATABASE_URL
  await makeDatabase(from)
  swell(line.path('test.db'), 600)
  const to = newPostgresDatabase(t)
  const refuses = async (args: string[], stderr: RegExp, code = 1) =>
    t.match(await line.latchkey('db', 'copy', ...args), { code, stdout: '', stderr })

  await refuses(['--to', 'sqlite::memory:'], /a database to copy is sqlite:PATH/, 2)
  await refuses(['--to', 'mysql://root:secret@host/db'], /^((?!secret).)*$/s, 2)
  await refuses(['--to', 'postgres://me:secret@host'], /^((?!secret).)*must name a database/s, 2)
  await refuses(['--to', to, '--from', 'sqlite:nothing.db'], /sqlite:nothing\.db does not exist/)
  await write(to, "insert into users (uid, created_at, updated_at) values ('foreign', 1, 1)")
  await refuses(['--to', to], /has rows in users: a copy needs an empty database/)
  const left = "select count(*) from sqlite_schema where name like '%copy%' or type = 'trigger'"
  t.strictSame(await read(from, left), ['0'], 'and nothing was begun')
  await write(to, 'delete from users')

  t.match(await line.latchkey('db', 'copy', '--to', to), COPIED)
  const started = await line.start(['serve'], { DATABASE_URL: to, PORT: '0' }).ended
  t.match(started, { code: 1, stderr: /^latchkey: the copy of sqlite:.* is not finished: latchkey db copy/ })
  const third = `sqlite:${line.path('third.db')}`
  await refuses(['--to', third], /is being copied to postgres:.*; latchkey db reopen forgets that/)
  await refuses(['--from', to, '--to', third], /is itself the target of a copy/)
  const reopen = (DATABASE_URL: string) => line.start(['db', 'reopen'], { DATABASE_URL }).ended
  t.match(await reopen(to), { code: 1, stderr: /db copy goes on, db drop deletes it/ })
  t.match(await reopen(from), { code: 0, stdout: /the copy to postgres:.* is forgotten/ })
  t.match(await reopen(from), { code: 0, stdout: 'nothing to do\n' })
  t.strictSame(await read(from, left), ['0'])

  t.match(await line.start(['db', 'drop', '--yes'], { DATABASE_URL: to }).ended, { code: 0 })
  t.match(await line.latchkey('db', 'copy', '--to', to, '--finish'), COPIED)
  await t.rejects(write(from, 'delete from users'), /this database was moved/)
  t.match(await reopen(from), { code: 0, stdout: /may be written again; what was written to .* since stays there/ })
  await write(from, "update users set name = 'at home again' where id = 1")
}

async function terminal(t: Test) {
  const line = commandLine(t)
  await makeDatabase(line.environment.DATABASE_URL)
  swell(line.path('test.db'), 12_000)
  const shown = await line.atTerminal(['db', 'copy', '--to', `sqlite:${line.path('other.db')}`])
  const plain = shown.replaceAll('\r\u001b[K', '<anew>')
  for (const step of ['copying', 'verifying'])
    t.match(plain, new RegExp(`<anew>\\[=* *\\] \\d+ % {2}[\\d,]+ rows, ${step} {2}[\\d,]+/s<anew>`))
  t.match(plain, /<anew> {2}users +12,000 {2}[0-9a-f]{32}\r\n/)
}

t.test('a terminal is shown how far it has come, and what is on either side in the end', terminal)
if (!isLeftOut('postgres'))
  t.test('what cannot be copied is refused, in words; what was begun can be taken back', refusals)
