/** Files of every system and kind, whole and damaged. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { matchLists } from '../support/match.ts'
import { emptyDatabase, jsonLines, NOW, parseLines } from '../support/moving.ts'

const BCRYPT = '$2b$04$JPg08V//WXTyInyEy7WYU.90yRwxOY7fiDXRK7YXGxuA4cf0ferlW'
const ID = '0198c1a2-7d3e-7b4a-9c55-0f2f6c1d9e21'
const ABYSS = '['.repeat(100_000) + ']'.repeat(100_000)
const now = new Date(NOW).toISOString()

/** Imports a file and returns what it was taken for, its report and the accounts that came of it. */
async function moveIn(t: Test, content: string | Uint8Array, how = {}) {
  const { bringIn, takeOut } = await emptyDatabase(t)
  const { system, lines, summary } = await bringIn(content, how)
  return { system, lines, summary, users: parseLines(await takeOut()) }
}

t.test('CSV: quotes, byte order mark, line ends, separators, empty cells', async (t) => {
  const rows = [
    ['number', 'username', 'email', 'name', 'roles', 'email_verified'],
    ['3', 'ada', 'ada@example.org', '"King, Ada ""the first"""', '"user admin"', 'true'],
    ['', 'bob', '', '"Bob"', '', ''],
  ]
  for (const [what, text] of [
    ['plain', rows.map((row) => row.join(',')).join('\n')],
    ['with a mark, from Windows', `\uFEFF${rows.map((row) => row.join(',')).join('\r\n')}\r\n`],
    ['with semicolons', rows.map((row) => row.join(';')).join('\n')],
    ['with tabs', rows.map((row) => row.join('\t')).join('\n')],
    ['with empty lines', `${rows.map((row) => row.join(',')).join('\n\n')}\n\n`],
  ] as const) {
    const { system, users } = await moveIn(t, text)
    t.equal(system, 'general', what)
    matchLists(
      t,
      users,
      [
        { number: 3, username: 'ada', name: 'King, Ada "the first"', roles: ['admin', 'user'], email_verified_at: now },
        { number: 4, username: 'bob', name: 'Bob', roles: ['user'] },
      ],
      what,
    )
    t.notOk('email' in (users[1] ?? {}))
  }
})

t.test('CSV: a bad line costs itself and nothing else', async (t) => {
  const csv = [
    'username,name,extra',
    'ada,Ada,1',
    'bob,Bob',
    'carl,"Carl,1',
    'dora,Do"ra,2',
    'eve,"E"ve,2',
    'frank,"Frank","two\nlines"',
    'gil,Gil,1,2,3',
    `hal,${'x'.repeat(10_000_000)},1`,
    'ida,"never closed,1',
    ...Array.from({ length: 150 }, (_, index) => `more${index},,`),
    'last,Last,1',
  ].join('\n')
  const { users, lines, summary } = await moveIn(t, csv)
  const named = users.map(({ username }) => username)
  t.strictSame(named.slice(0, 3), ['ada', 'frank', 'more0'])
  t.equal(named.at(-1), 'last')
  t.equal(named.length, 2 + 150 + 1)
  t.strictSame([...summary.unread], ['extra'])
  matchLists(
    t,
    lines.filter(({ outcome }) => outcome === 'rejected'),
    [
      { line: 3, reasons: ['has 2 columns where the header has 3'] },
      { line: 4 },
      { line: 5 },
      { line: 6, reasons: ['has a quote that is out of place'] },
      { line: 9, reasons: ['has 5 columns where the header has 3'] },
      { line: 10, reasons: ['is longer than 1 MiB'] },
      { line: 11, reasons: ['has a quote that is never closed'] },
    ],
  )
})

t.test('JSON lines: a bad line costs itself and nothing else', async (t) => {
  const bytes = Buffer.concat([
    Buffer.from('{"username":"ada"}\r\n\n{"username":\n[]\nnull\n"text"\n{"username":"b\\u0000b"}\n'),
    Buffer.from([...Buffer.from('{"username":"'), 0xff, 0xfe, ...Buffer.from('"}\n')]),
    Buffer.from(`{"username":"long","bio":"${'x'.repeat(10_000_000)}"}\n`),
    Buffer.from('{"username":"x\\ud800x"}\n{"__proto__":{"username":"proto"}}\n{"username":"last"}'),
  ])
  const { users, lines } = await moveIn(t, bytes)
  t.strictSame(
    users.map(({ username }) => username),
    ['ada', 'last'],
  )
  matchLists(
    t,
    lines.map(({ line, reasons }) => [line, reasons]),
    [
      [1, undefined],
      [3, ['is not valid JSON']],
      [4, ['is not a JSON object']],
      [5, ['is not a JSON object']],
      [6, ['is not a JSON object']],
      [7, [/^username/]],
      [8, ['is not UTF-8']],
      [9, ['is longer than 1 MiB']],
      [10, [/^username/]],
      [11, ['has neither a user name nor an e-mail address']],
      [12, undefined],
    ],
  )
})

t.test('JSON: a user who is nested without end costs itself and nothing else', async (t) => {
  const faulty = [`"created_at":${ABYSS}`, `"name":${ABYSS}`, `"roles":[${ABYSS},${ABYSS}]`].map(
    (member) => `{"username":"bob",${member}}`,
  )
  const file = ['{"username":"ada"}', ...faulty, '{"username":"last"}']
  for (const content of [file.join('\n'), `[${file.join(',')}]`]) {
    const { lines } = await moveIn(t, content)
    const deep = { outcome: 'rejected', reasons: ['is nested too deeply'] }
    matchLists(t, lines, [{ outcome: 'imported' }, deep, deep, deep, { outcome: 'imported' }])
  }
})

t.test('a JSON document: a bad user costs itself and nothing else', async (t) => {
  const users = `[{"username":"ada","x":"]}[{\\"\\\\"}, {"username":"bob",,}, 5, {"username":"carl"},
    {"username":"long","bio":"${'x'.repeat(10_000_000)}"} , {"username":"last","x":[[{}],[]]}]`
  for (const [what, text] of [
    ['a list', users],
    [
      'a member',
      `{"realm":{"users":["nobody"]},"list":[{"username":"nobody"}],"a":"users","users":${users},"more":[{"users":[{}]}]}`,
    ],
    ['a member, with a mark', `\uFEFF{\n  "users" : ${users}\n}\n`],
  ] as const) {
    const { users, lines } = await moveIn(t, text)
    t.strictSame(
      users.map(({ username }) => username),
      ['ada', 'carl', 'last'],
      what,
    )
    matchLists(
      t,
      lines.map(({ line, reasons }) => [line, reasons?.[0]]),
      [
        [1, undefined],
        [2, 'is not valid JSON'],
        [3, 'is not a JSON object'],
        [4, undefined],
        [5, 'is longer than 1 MiB'],
        [6, undefined],
      ],
      what,
    )
  }
})

t.test('a JSON document that breaks off keeps what came before, and says so', async (t) => {
  const { users, summary } = await moveIn(t, '{"users":[{"username":"ada"},{"username":"bob"},{"usern')
  t.equal(users.length, 2)
  t.match(summary.broken?.message, /breaks off within user 3/)
  const none = await moveIn(t, '[]', { from: 'general' }).catch((error: Error) => error.message)
  t.match(none, /does not come from general/)
})

t.test('Keycloak: a realm with PBKDF2, with argon2, and with what is not taken over', async (t) => {
  const realm = {
    id: 'demo',
    realm: 'demo',
    roles: { realm: [{ name: 'offline_access' }] },
    users: [
      {
        id: ID,
        createdTimestamp: 1_600_000_000_123,
        username: 'ada',
        enabled: true,
        emailVerified: true,
        firstName: 'Ada',
        lastName: 'Lovelace',
        email: 'ada@example.org',
        credentials: [
          { type: 'otp', secretData: '{}', credentialData: '{}' },
          {
            id: 'x',
            type: 'password',
            secretData: JSON.stringify({
              value: Buffer.alloc(64, 1).toString('base64'),
              salt: 'c2FsdHNhbHRzYWx0c2FsdA==',
            }),
            credentialData: JSON.stringify({
              hashIterations: 27_500,
              algorithm: 'pbkdf2-sha256',
              additionalParameters: {},
            }),
          },
        ],
        realmRoles: ['offline_access', 'admin'],
      },
      {
        username: 'bob',
        enabled: false,
        emailVerified: false,
        credentials: [
          {
            type: 'password',
            secretData: JSON.stringify({
              value: Buffer.alloc(32, 1).toString('base64'),
              salt: 'c2FsdHNhbHRzYWx0c2FsdA==',
            }),
            credentialData: JSON.stringify({
              hashIterations: 5,
              algorithm: 'argon2',
              additionalParameters: {
                hashLength: ['32'],
                memory: ['7168'],
                type: ['id'],
                version: ['1.3'],
                parallelism: ['1'],
              },
            }),
          },
        ],
      },
      { username: 'carl', credentials: [{ type: 'password', secretData: '{', credentialData: '{}' }] },
      {
        username: 'cleo',
        credentials: [
          {
            type: 'password',
            secretData: '{"value":"AAAA","salt":"AAAA"}',
            credentialData: `{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"version":[${ABYSS}]}}`,
          },
        ],
      },
      { username: 'dora', credentials: 'none' },
      { username: 'service-account-app', enabled: true, groups: ['/a'] },
    ],
  }
  const { system, users, lines, summary } = await moveIn(t, JSON.stringify(realm, undefined, 2))
  t.equal(system, 'keycloak')
  matchLists(t, users, [
    {
      id: ID,
      username: 'ada',
      name: 'Ada Lovelace',
      email_verified_at: now,
      created_at: '2020-09-13T12:26:40.123Z',
      roles: ['user'],
      password_hash: /^\$pbkdf2-sha256\$27500\$/,
    },
    { username: 'bob', disabled_at: now, password_hash: /^\$argon2id\$v=19\$m=7168,t=5,p=1\$/ },
    { username: 'carl' },
    { username: 'cleo' },
    { username: 'service-account-app' },
  ])
  matchLists(t, lines, [
    { notes: ['its realm roles are not taken over'] },
    {},
    { notes: ['gets no password: its hash is in no format that is read'] },
    { notes: ['gets no password: its hash is in no format that is read'] },
    { outcome: 'rejected', reasons: ['credentials must be a list'] },
    {},
  ])
  t.strictSame([...summary.unread], ['groups'])
  t.equal((await moveIn(t, JSON.stringify(realm))).users.length, 5, 'also on one line')
})

t.test('Firebase: with the project’s hash parameters', async (t) => {
  // from github.com/firebase/scrypt, whose password is user1password
  const parameters = {
    base64_signer_key: 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
    base64_salt_separator: 'Bw==',
    rounds: 8,
    mem_cost: 14,
  }
  const text = JSON.stringify({
    users: [
      {
        localId: 'UVXp1bBLjmVQ',
        email: 'ada@example.org',
        emailVerified: true,
        passwordHash: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
        salt: '42xEC+ixf3L2lw==',
        displayName: 'Ada',
        createdAt: '1486324131000',
        lastSignedInAt: '1486324131000',
        disabled: true,
        providerUserInfo: [],
      },
      { localId: '2', email: 'google@example.org', providerUserInfo: [{ providerId: 'google.com' }] },
      { localId: '3', phoneNumber: '+15555550100' },
      // what is no base64 takes no longer to tell than what is
      { localId: '4', email: 'bob@example.org', passwordHash: 'AAAA', salt: `${'='.repeat(1_000_000)}x` },
    ],
  })
  const { system, users, lines } = await moveIn(t, text, { options: { firebase: parameters } })
  t.equal(system, 'firebase')
  matchLists(t, lines, [
    { password: 'scrypt-firebase' },
    { password: 'none' },
    { outcome: 'rejected' },
    { password: 'none' },
  ])
  matchLists(t, users, [
    {
      email: 'ada@example.org',
      name: 'Ada',
      created_at: '2017-02-05T19:48:51.000Z',
      disabled_at: now,
      email_verified_at: now,
    },
    { email: 'google@example.org' },
    { email: 'bob@example.org' },
  ])
  const without = await moveIn(t, text)
  matchLists(t, without.lines[0], { outcome: 'rejected', reasons: ['its password needs --firebase-hash-config'] })
})

t.test('Auth0: its export, and the schema of its bulk import', async (t) => {
  const exported = jsonLines(
    { _id: { $oid: '1' }, email: 'ada@example.org', email_verified: true, passwordHash: BCRYPT, tenant: 'x' },
    {
      user_id: 'auth0|2',
      email: 'bob@example.org',
      name: 'bob@example.org',
      blocked: true,
      created_at: '2020-01-01T00:00:00.000Z',
    },
  )
  const { system, users } = await moveIn(t, exported)
  t.equal(system, 'auth0')
  matchLists(t, users, [
    { email: 'ada@example.org', email_verified_at: now, password_hash: BCRYPT },
    { email: 'bob@example.org', disabled_at: now, created_at: '2020-01-01T00:00:00.000Z' },
  ])
  t.notOk('name' in (users[1] ?? {}))

  const custom = (custom_password_hash: unknown, index: number) => ({
    email: `u${index}@example.org`,
    custom_password_hash,
  })
  const sha = Buffer.alloc(32, 7)
  const bulk = await moveIn(
    t,
    JSON.stringify(
      [
        { algorithm: 'bcrypt', hash: { value: BCRYPT } },
        { algorithm: 'sha256', hash: { value: sha.toString('hex') }, salt: { value: 'salt', position: 'suffix' } },
        {
          algorithm: 'sha256',
          hash: { value: sha.toString('base64'), encoding: 'base64' },
          salt: { value: '73616c74', encoding: 'hex' },
        },
        { algorithm: 'pbkdf2', hash: { value: `$pbkdf2-sha256$i=100000,l=32$c2FsdHNhbHQ$${sha.toString('base64')}` } },
        { algorithm: 'hmac', hash: { value: sha.toString('hex') } },
        { algorithm: 'bcrypt' },
        'bcrypt',
      ].map(custom),
    ),
  )
  matchLists(
    t,
    bulk.lines.map(({ outcome, password }) => `${outcome}: ${password}`),
    [
      'imported: bcrypt',
      'imported: salted-sha',
      'imported: salted-sha',
      'imported: pbkdf2',
      'imported: none',
      'imported: none',
      /rejected/,
    ],
  )
  t.match(bulk.users[1]?.['password_hash'], /order=password-salt/)
  t.match(bulk.users[2]?.['password_hash'], /order=salt-password\$c2FsdA\$/)
})

t.test('Supabase: auth.users as CSV and as JSON', async (t) => {
  const columns =
    'instance_id,id,email,encrypted_password,email_confirmed_at,banned_until,raw_user_meta_data,created_at,updated_at'
  const cells = [
    `00000000-0000-0000-0000-000000000000,${ID},ada@example.org,${BCRYPT},2023-01-02 03:04:05.678901+00,,"{""full_name"": ""Ada King""}",2023-01-01 00:00:00+02,2023-01-03 00:00:00+00`,
    `00000000-0000-0000-0000-000000000000,,bob@example.org,,,2099-01-01 00:00:00+00,{},2023-01-01 00:00:00+00,`,
    `00000000-0000-0000-0000-000000000000,,carl@example.org,,,2020-01-01 00:00:00+00,{,2023-01-01 00:00:00+00,`,
  ]
  const csv = await moveIn(t, [columns, ...cells].join('\n'))
  t.equal(csv.system, 'supabase')
  matchLists(t, csv.users, [
    {
      id: ID,
      email: 'ada@example.org',
      name: 'Ada King',
      email_verified_at: '2023-01-02T03:04:05.678Z',
      created_at: '2022-12-31T22:00:00.000Z',
      password_hash: BCRYPT,
    },
    { email: 'bob@example.org', disabled_at: now },
    { email: 'carl@example.org' },
  ])
  t.notOk('disabled_at' in (csv.users[2] ?? {}), 'a ban that is over is none')
  const json = await moveIn(
    t,
    JSON.stringify([
      { id: ID, email: 'ada@example.org', encrypted_password: BCRYPT, raw_user_meta_data: { name: 'Ada' } },
    ]),
  )
  matchLists(t, [json.system, json.users], ['supabase', [{ id: ID, name: 'Ada', password_hash: BCRYPT }]])
})

t.test('SQLite: the FastAPI service with UUIDs and other spellings; hashes as bytes', async (t) => {
  const { folder, bringIn, takeOut } = await emptyDatabase(t)
  const path = join(folder, 'foreign.db')
  const file = new BetterSqlite(path)
  file.exec('create table alembic_version (version_num text)')
  file.exec(
    'create table user (id char(32) primary key, email text, hashed_password blob, is_active int, is_verified int)',
  )
  const add = file.prepare('insert into user values (?, ?, ?, ?, ?)')
  add.run(ID.replaceAll('-', ''), 'ada@example.org', Buffer.from(BCRYPT), 1, 1)
  add.run('x', 'bob@example.org', 7, 0, 0)
  file.close()
  const { system, lines, description } = await bringIn({ path })
  matchLists(t, [system, description], ['fastapi-auth', /SQLite database, table user$/])
  matchLists(t, lines, [
    { outcome: 'imported', password: 'bcrypt' },
    { outcome: 'rejected', reasons: ['id must be a whole number'] },
  ])
  matchLists(t, parseLines(await takeOut()), [{ id: ID, password_hash: BCRYPT, email_verified_at: now }])
})

t.test('what is none of these is refused in one sentence', async (t) => {
  const { folder, bringIn } = await emptyDatabase(t)
  const foreign = join(folder, 'foreign.db')
  const file = new BetterSqlite(foreign)
  file.exec('create table songs (title text)')
  file.close()
  const torn = join(folder, 'torn.db')
  writeFileSync(torn, `SQLite format 3\0${'x'.repeat(5000)}`)
  for (const [content, message, from] of [
    ['', /is empty$/],
    ['a letter to nobody\nwith two lines\n', /is not recognised \(it is CSV with a letter to nobody\)/],
    ['{"a":1}\n{"a":2}\n', /is not recognised \(it is JSON lines with a\)/],
    ['{"a":{"users":1}}', /is not recognised/],
    ['{\n"a":1}', /has no list of users/],
    ['username\nada\n', /does not come from keycloak \(it is CSV with username\)/, 'keycloak'],
    ['username,username\nada,bob\n', /has two columns of one name/],
    [{ path: foreign }, /is not recognised \(it is an SQLite database with songs\)/],
    [{ path: torn }, /torn\.db cannot be (read|opened): /],
    [{ path: folder }, /is not a file$/],
    [{ path: join(folder, 'nothing') }, /nothing does not exist$/],
  ] as const) {
    const error = await bringIn(content, from ? { from } : {}).catch((error: Error) => error)
    t.match((error as Error).message, message)
    t.equal((error as Error).name, 'Unreadable')
  }
})
