import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { commandLine } from './support/command-line.ts'

const ADMIN = ['admin', 'create', '--username', 'root', '--email', 'root@example.org']

t.test('a filter is made of a list, plain or compressed, and used in place of our own', async (t) => {
  const { latchkey, start, write } = commandLine(t, { PASSWORD_POLICY: 'strict' })
  write('list.txt', 'a phrase that leaked\r\nanother one that did\n\nA Phrase That Leaked\n')
  write('list.txt.gz', gzipSync('a phrase that leaked\nanother one that did'))
  const built = await latchkey('passwords', 'build', 'list.txt')
  t.equal(built.code, 0, built.stderr)
  t.match(built.stdout, /^passwords\.fuse: 2 passwords in \d+ bytes/)
  t.equal((await latchkey('passwords', 'build', 'list.txt.gz', '--output', 'other.fuse')).code, 0)

  const admin = (password: string, filter?: string) =>
    start(ADMIN, filter ? { PASSWORD_FILTER: filter } : {}, password).ended
  for (const filter of ['passwords.fuse', 'other.fuse']) {
    const refused = await admin('a PHRASE that leaked', filter)
    t.equal(refused.code, 1)
    t.equal(refused.stderr, 'latchkey: password must not be one that was found in a breach\n')
  }
  t.equal((await admin('4815162342lost')).code, 1, 'our own is used where there is no other')
  t.equal((await admin('4815162342lost', 'other.fuse')).code, 0)
})

t.test('the two ways to write a list make one filter', async (t) => {
  const { latchkey, path, write } = commandLine(t)
  write('list.txt', 'one password\nanother password')
  write('list.gz', gzipSync('another password\r\none password\r\n'))
  await latchkey('passwords', 'build', 'list.txt', '--output', 'a.fuse')
  await latchkey('passwords', 'build', 'list.gz', '--output', 'b.fuse')
  t.strictSame(readFileSync(path('a.fuse')), readFileSync(path('b.fuse')))
})

t.test('a list that is missing, empty or broken makes no filter, and none is overwritten unasked', async (t) => {
  const { latchkey, write } = commandLine(t)
  write('empty.txt', '\n\n')
  write('broken.gz', 'not compressed')
  write('list.txt', 'one password')
  const build = async (...args: string[]) => (await latchkey('passwords', 'build', ...args)).stderr
  t.match(await build('missing.txt'), /^latchkey: ENOENT.*missing\.txt/)
  t.equal(await build('empty.txt'), 'latchkey: empty.txt holds no passwords\n')
  t.match(await build('broken.gz'), /^latchkey: incorrect header check/)
  t.equal(await build('list.txt'), '')
  t.match(await build('list.txt'), /passwords\.fuse exists already/)
  t.equal(await build('list.txt', '--force'), '')
})

t.test('a filter that cannot be used stops the start with one line', async (t) => {
  const { start, write, path } = commandLine(t)
  write('list.txt', 'password\n')
  const serve = (filter: string) => start(['serve'], { PASSWORD_FILTER: filter, PORT: '0' }).ended
  const foreign = await serve('list.txt')
  t.equal(foreign.code, 1)
  t.equal(
    foreign.stderr,
    'latchkey: PASSWORD_FILTER: list.txt is no filter; `latchkey passwords build` makes one of a list\n',
  )
  t.match((await serve('missing.fuse')).stderr, /^latchkey: PASSWORD_FILTER: missing\.fuse cannot be read: ENOENT/)
  await start(['passwords', 'build', 'list.txt']).ended
  const file = readFileSync(path('passwords.fuse'))
  write('passwords.fuse', Buffer.concat([file.subarray(0, 50), Buffer.from([1]), file.subarray(51)]))
  t.match((await serve('passwords.fuse')).stderr, /passwords\.fuse is damaged/)
})
