import t from 'tap'
import { loadConfig } from '../../src/config.ts'
import { createHasher } from '../../src/passwords/hasher.ts'
import { CHEAP_HASH } from '../support/app.ts'
import { matchLists } from '../support/match.ts'
import { emptyDatabase, jsonLines, NOW, parseLines } from '../support/moving.ts'

/** bcrypt of `swordfish`, made by python3-bcrypt. */
const SWORDFISH = '$2b$04$JPg08V//WXTyInyEy7WYU.90yRwxOY7fiDXRK7YXGxuA4cf0ferlW'

const ADA = {
  number: 7,
  id: '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21',
  username: 'Ada.Lovelace',
  email: 'Ada@Example.org',
  email_verified_at: '2024-05-06T07:08:09.123Z',
  name: 'Ada King',
  locale: 'en-GB',
  roles: ['admin', 'user'],
  disabled_at: '2025-01-01T00:00:00.000Z',
  created_at: '2020-02-03T04:05:06.789Z',
  updated_at: '2024-05-06T07:08:09.123Z',
  password_hash: SWORDFISH,
}

t.test('every member of the general form arrives', async (t) => {
  const { bringIn, takeOut } = await emptyDatabase(t)
  matchLists(t, await bringIn(jsonLines(ADA)), { system: 'general', lines: [{ line: 1, outcome: 'imported' }] })
  t.strictSame(parseLines(await takeOut()), [ADA])
})

t.test('what a line leaves out has its default', async (t) => {
  const { bringIn, takeOut } = await emptyDatabase(t)
  await bringIn(jsonLines({ username: 'ada' }, { email: 'bob@example.org', disabled: true, email_verified: true }))
  const now = new Date(NOW).toISOString()
  const times = { created_at: now, updated_at: now }
  matchLists(t, parseLines(await takeOut()), [
    { number: 1, username: 'ada', roles: ['user'], ...times },
    { number: 2, email: 'bob@example.org', email_verified_at: now, disabled_at: now, ...times },
  ])
})

t.test('a dry run says what would happen and writes nothing', async (t) => {
  const { db, bringIn, takeOut } = await emptyDatabase(t)
  const file = jsonLines(ADA, { username: 'ADA.lovelace' }, { username: 'a b' }, { email: 'eve@example.org' })
  const dry = await bringIn(file, { apply: false })
  t.equal(await takeOut(), '')
  t.equal((await db.selectFrom('users').selectAll().execute()).length, 0)
  const wet = await bringIn(file)
  const asIfReal = dry.lines.map((line) => ({
    ...line,
    outcome: line.outcome.replace('would be imported', 'imported'),
  }))
  t.strictSame(wet.lines, asIfReal, 'the same line by line')
  t.strictSame(wet.summary.outcomes, dry.summary.outcomes)
})

t.test('a second import changes nothing, whatever the people did meanwhile', async (t) => {
  const { db, bringIn, takeOut } = await emptyDatabase(t)
  const bob = { email: 'bob@example.org', created_at: '2021-01-01T00:00:00Z' }
  const file = jsonLines(ADA, { username: 'carl', password_hash: SWORDFISH }, bob)
  await bringIn(file)
  const change = (key: string) => db.updateTable('users').where('username_key', '=', key)
  await change('ada.lovelace')
    .set({ name: 'Lady Ada', email: 'new@example.org', email_key: 'new@example.org' })
    .execute()
  await change('carl').set({ username: 'charles', username_key: 'charles', updated_at: 5 }).execute()
  await db.updateTable('passwords').set({ hash: '$argon2id$new' }).execute()
  const before = await takeOut()
  const again = await bringIn(file)
  matchLists(t, again.lines, [
    { outcome: 'present', notes: ['the account goes by other names now'] },
    { outcome: 'present', notes: ['the account goes by other names now'] },
    { outcome: 'present', notes: ['has no password'] },
  ])
  t.equal(await takeOut(), before)
})

t.test('who is in the way of whom is said for each line', async (t) => {
  const { bringIn } = await emptyDatabase(t)
  await bringIn(jsonLines({ username: 'ada', email: 'ada@example.org' }, { username: 'bob' }))
  const { lines } = await bringIn(
    jsonLines(
      { username: 'ADA', email: 'Ada@example.org' },
      { username: 'ada' },
      { username: 'other', email: 'ADA@example.org' },
      { username: 'bob', email: 'ada@example.org' },
      { username: 'bob', email: 'bob@example.org' },
      { username: 'carl', email: 'carl@example.org' },
      { username: 'Carl', email: 'dora@example.org' },
      { username: 'dora', email: 'dora@example.org' },
      { username: 'eve', email: 'carl@example.org', id: ADA.id },
      { username: 'eve', id: ADA.id },
      { username: 'eva', id: ADA.id.toUpperCase() },
    ),
  )
  matchLists(
    t,
    lines.map(({ outcome, reasons }) => [outcome, reasons]),
    [
      ['present', undefined],
      ['duplicate', ['line 1 has the same user name']],
      ['duplicate', ['line 1 has the same e-mail address']],
      ['duplicate', ['line 1 has the same e-mail address']],
      ['conflict', ['the user name is taken by another account']],
      ['imported', undefined],
      ['duplicate', ['line 6 has the same user name']],
      ['imported', undefined],
      ['duplicate', ['line 6 has the same e-mail address']],
      ['imported', undefined],
      ['duplicate', ['line 10 has the same id']],
    ],
  )
})

t.test('a user who has one of two names in common with an account is a conflict, not present', async (t) => {
  const { bringIn, takeOut } = await emptyDatabase(t)
  await bringIn(jsonLines({ username: 'ada', email: 'ada@example.org' }))
  const before = await takeOut()
  const both = { id: ADA.id, username: 'ADA', email: 'Ada@example.org' }
  matchLists(t, (await bringIn(jsonLines(both))).lines, [{ outcome: 'present' }])
  for (const [user, reason] of [
    [{ username: 'ada' }, 'the user name is taken by another account'],
    [{ email: 'ada@example.org' }, 'the e-mail address is taken by another account'],
    [{ username: 'ada', email: 'another@example.org' }, 'the user name is taken by another account'],
  ] as const) {
    matchLists(t, (await bringIn(jsonLines(user))).lines, [{ outcome: 'conflict', reasons: [reason] }])
  }
  t.equal(await takeOut(), before)
})

t.test('a number is kept where it is free and was never anybody’s', async (t) => {
  const { db, bringIn, takeOut } = await emptyDatabase(t)
  await bringIn(jsonLines({ username: 'one', number: 1 }, { username: 'nine', number: 9 }))
  await db.deleteFrom('users').where('id', '=', 9).execute()
  const { lines } = await bringIn(
    jsonLines(
      { username: 'taken', number: 1 },
      { username: 'deleted', number: 9 },
      { username: 'free', number: 20 },
      { username: 'twice', number: 20 },
      { username: 'none' },
      { username: 'lower', number: 15 },
    ),
  )
  matchLists(
    t,
    lines.map(({ notes = [] }) => notes.filter((note) => note.includes('number'))),
    [
      ['gets a new number: 1 is not free'],
      ['gets a new number: 9 is not free'],
      [],
      ['gets a new number: 20 is not free'],
      [],
      [],
    ],
  )
  const numbers = Object.fromEntries(parseLines(await takeOut()).map(({ username, number }) => [username, number]))
  t.match(numbers, { one: 1, free: 20, lower: 15 })
  t.ok([numbers['taken'], numbers['deleted'], numbers['twice'], numbers['none']].every((number) => Number(number) > 20))
})

t.test('after the highest number that is kept there is room for numbers that are told apart', async (t) => {
  const { bringIn, takeOut } = await emptyDatabase(t)
  await bringIn(jsonLines({ username: 'high', number: 2 ** 52 }, { username: 'next' }, { username: 'last' }))
  matchLists(t, parseLines(await takeOut()), [{ number: 2 ** 52 }, { number: 2 ** 52 + 1 }, { number: 2 ** 52 + 2 }])
})

t.test('what the rules do not allow is refused in the words of the API, and the rest goes on', async (t) => {
  const { bringIn, takeOut } = await emptyDatabase(t)
  const users = [
    [{ username: 'a b' }, ['username must have only letters, digits and . _ -']],
    [{ username: 'ab' }, ['username must NOT have fewer than 3 characters']],
    [{ username: 'ada@example.org' }, ['username must have only letters, digits and . _ -']],
    [{ username: 'ada\u0000' }, ['username must have only letters, digits and . _ -']],
    [{ username: '\ud800ada' }, ['username must have only letters, digits and . _ -']],
    [{ username: 5 }, ['username must be string']],
    [{ email: 'nobody' }, ['email must be an e-mail address']],
    [{ email: 'ada\n@example.org' }, ['email must be an e-mail address']],
    [
      { username: 'ada', email: '' },
      ['email must NOT have fewer than 3 characters', 'email must be an e-mail address'],
    ],
    [{ username: 'ada', name: 'a\u0007b' }, ['name must be well-formed text without control characters']],
    [{ username: 'ada', name: 'x'.repeat(129) }, ['name must NOT have more than 128 characters']],
    [{ username: 'ada', roles: ['root'] }, ['roles must be one of admin, user']],
    [{ username: 'ada', roles: { admin: true } }, ['roles must be array']],
    [{ username: 'ada', id: 'x' }, ['id must be a UUID']],
    [{ username: 'ada', number: 0 }, ['number must be >= 1']],
    [{ username: 'ada', number: 1.5 }, ['number must be a whole number']],
    [{ username: 'ada', number: 1e300 }, ['number must be a whole number']],
    [{ username: 'ada', number: Number.MAX_SAFE_INTEGER }, ['number must be <= 4503599627370496']],
    [{ username: 'ada', disabled: 'perhaps' }, ['disabled must be true or false']],
    [{ username: 'ada', created_at: 'yesterday' }, ['created_at must be a time']],
    [{ username: 'ada', created_at: '2024-02-30T99:00:00Z' }, ['created_at must be a time']],
    [{ username: 'ada', updated_at: true }, ['updated_at must be a time']],
    [{ username: 'ada', updated_at: [1] }, ['updated_at must be a time']],
    [{ username: 'ada', password_hash: { $: 1 } }, ['password_hash must be text']],
    [{ name: 'nobody' }, ['has neither a user name nor an e-mail address']],
    [{}, ['has neither a user name nor an e-mail address']],
  ] as const
  const { lines } = await bringIn(
    jsonLines({ username: 'first' }, ...users.map(([user]) => user), { username: 'last' }),
  )
  for (const [index, [user, reasons]] of users.entries()) {
    matchLists(t, lines[index + 1], { line: index + 2, outcome: 'rejected', reasons }, JSON.stringify(user))
    t.equal(lines[index + 1]?.reasons?.length, reasons.length)
  }
  t.strictSame(
    parseLines(await takeOut()).map(({ username }) => username),
    ['first', 'last'],
  )
})

t.test('a hash that cannot be used is no password; a weak one is marked until the first login', async (t) => {
  const { db, bringIn } = await emptyDatabase(t)
  const md5 = '$1$abcdefgh$yyGbRQZVDnToZkGA5MzNJ1'
  const { lines, text, summary } = await bringIn(
    jsonLines(
      { username: 'ada', password_hash: 'plain text' },
      { username: 'bob', password_hash: '$2b$10$tooshort' },
      { username: 'carl', password_hash: md5 },
      { username: 'dora', password_hash: SWORDFISH },
      { username: 'eve', password_hash: '' },
    ),
  )
  const unread = 'gets no password: its hash is in no format that is read'
  matchLists(t, lines, [
    { outcome: 'imported', password: 'none', notes: [unread] },
    { outcome: 'imported', password: 'none', notes: [unread] },
    { outcome: 'imported', password: 'md5-crypt', weak: true },
    { outcome: 'imported', password: 'bcrypt' },
    { outcome: 'imported', password: 'none', notes: [unread] },
  ])
  t.notMatch(text, /\$1\$|\$2b\$|plain text/, 'the report holds no hash')
  t.equal(summary.without_password, 3)
  const rows = await db.selectFrom('passwords').select(['user_id', 'hash', 'weak_format']).orderBy('user_id').execute()
  matchLists(t, rows, [
    { user_id: 3, hash: md5, weak_format: 'md5-crypt' },
    { user_id: 4, hash: SWORDFISH },
  ])
})

t.test('a hash that takes too long to check on this machine is not taken over', async (t) => {
  const { bringIn } = await emptyDatabase(t)
  const [salt, digest] = ['A'.repeat(22), 'A'.repeat(43)]
  const dear = [
    `$2b$16$${'A'.repeat(53)}`,
    `$6$rounds=2000000$salt$${'A'.repeat(86)}`,
    `$pbkdf2$10000000$${salt}$${'A'.repeat(27)}`,
    `$argon2id$v=19$m=1048576,t=8,p=1$${salt}$${digest}`,
  ]
  const usual = [
    `$2b$12$${'A'.repeat(53)}`,
    `$6$salt$${'A'.repeat(86)}`,
    `$pbkdf2-sha256$600000$${salt}$${digest}`,
    `$argon2id$v=19$m=65536,t=3,p=4$${salt}$${digest}`,
  ]
  const people = [...dear, ...usual].map((password_hash, index) => ({ username: `user${index}`, password_hash }))
  const { lines } = await bringIn(jsonLines(...people))
  const note = 'gets no password: its hash takes too long to check on this machine'
  for (const [index, { password_hash }] of people.entries()) {
    const line = lines[index] as { notes?: string[] }
    const isDear = index < dear.length
    t.match(line, { outcome: 'imported', ...(isDear && { password: 'none' }) }, password_hash)
    t.strictSame(line.notes ?? [], isDear ? [note] : [], password_hash)
  }
  t.equal(lines.length, people.length)
})

t.test('a hash with its salt beside it is read in the declared order', async (t) => {
  const { db, bringIn } = await emptyDatabase(t)
  // printf 'salt!swordfish' | sha256sum
  const hash = '66f254d93bd64342dc486452757a18639855cbede55bf82d81e7f00ca3f10c0a'
  const csv = `username,password_hash,password_salt\nada,${hash},salt!\n`
  matchLists(t, (await bringIn(csv)).lines, [
    { outcome: 'rejected', reasons: ['password_salt needs --digest and --salt-order'] },
  ])
  const digest = { name: 'sha256', order: 'salt-password', saltEncoding: 'utf8' } as const
  matchLists(t, (await bringIn(csv, { options: { digest } })).lines, [
    { outcome: 'imported', password: 'salted-sha', weak: true },
  ])
  const stored = await db.selectFrom('passwords').select('hash').executeTakeFirstOrThrow()
  const hasher = await createHasher(loadConfig(CHEAP_HASH))
  t.teardown(() => hasher.close())
  t.equal(await hasher.verify(stored.hash, 'swordfish', { ip: undefined, account: 'test' }), true)
  t.equal(await hasher.verify(stored.hash, 'swordfish!', { ip: undefined, account: 'test' }), false)
})

t.test('more users than one batch are all imported, and the lines are counted through', async (t) => {
  const { bringIn, takeOut } = await emptyDatabase(t)
  const users = Array.from({ length: 1300 }, (_, index) => ({ username: `user${index % 1299}` }))
  const { lines } = await bringIn(jsonLines(...users))
  t.equal(lines.length, 1300)
  matchLists(t, lines.at(-1), { line: 1300, outcome: 'duplicate', reasons: ['line 1 has the same user name'] })
  t.equal(parseLines(await takeOut()).length, 1299)
})
