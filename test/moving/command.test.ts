import { readdirSync, readFileSync, statSync } from 'node:fs'
import t from 'tap'
import { commandLine } from '../support/command-line.ts'
import { countUsers, jsonLines, people } from '../support/moving.ts'
import { call, startService } from '../support/service.ts'

const BCRYPT = '$2b$04$JPg08V//WXTyInyEy7WYU.90yRwxOY7fiDXRK7YXGxuA4cf0ferlW'

t.test('import is a dry run that makes no database; its report is a new file beside the old ones', async (t) => {
  const { latchkey, write, folder, path } = commandLine(t)
  write('users.csv', `username,email,phone,password_hash\nada,ada@example.org,1,${BCRYPT}\na b,,2,\n`)
  const first = await latchkey('import', 'users.csv')
  t.strictSame(first, {
    code: 0,
    stderr: '',
    stdout: [
      'users.csv: the general form, CSV',
      '2 users read',
      '  would be imported                    1',
      '  present already                      0',
      '  in conflict with an account          0',
      '  twice in the file                    0',
      '  rejected                             1',
      'why not',
      '  username must have only letters, digits and . _ -         1',
      'passwords',
      '  bcrypt                               1  1 weak, replaced at the first login',
      'not taken over: phone',
      'report: users.csv.report.jsonl',
      'nothing was written: this was a dry run, --apply writes',
      '',
    ].join('\n'),
  })
  t.match(await latchkey('import', 'users.csv'), { stdout: /report: users\.csv\.report-2\.jsonl/ })
  t.match(await latchkey('import', 'users.csv', '--report', 'why.csv'), { code: 0, stdout: /report: why\.csv/ })
  t.strictSame(readdirSync(folder).sort(), [
    'users.csv',
    'users.csv.report-2.jsonl',
    'users.csv.report.jsonl',
    'why.csv',
  ])
  t.equal(statSync(path('users.csv.report.jsonl')).mode & 0o777, 0o600)
  t.equal(
    readFileSync(path('users.csv.report.jsonl'), 'utf8'),
    jsonLines(
      {
        line: 2,
        outcome: 'would be imported',
        username: 'ada',
        email: 'ada@example.org',
        password: 'bcrypt',
        weak: true,
      },
      { line: 3, outcome: 'rejected', username: 'a b', reasons: ['username must have only letters, digits and . _ -'] },
    ),
  )
  t.equal(
    readFileSync(path('why.csv'), 'utf8'),
    [
      'line,outcome,username,email,password,weak,reasons,notes',
      '2,would be imported,ada,ada@example.org,bcrypt,true,,',
      '3,rejected,a b,,,,"username must have only letters, digits and . _ -",',
      '',
    ].join('\n'),
  )
})

t.test('a report in CSV can neither be taken for formulas nor steer a terminal', async (t) => {
  const { latchkey, write, path } = commandLine(t)
  write(
    'users.jsonl',
    jsonLines(
      { username: '=1+"2"' },
      { username: '@x,y' },
      { username: 'a\u001b[2Jb' },
      { username: ' =1' },
      { username: '\t=1' },
    ),
  )
  await latchkey('import', 'users.jsonl', '--report', 'r.csv')
  t.match(readFileSync(path('r.csv'), 'utf8'), `1,rejected,"'=1+""2""",`)
  t.match(readFileSync(path('r.csv'), 'utf8'), `2,rejected,"'@x,y",`)
  t.match(readFileSync(path('r.csv'), 'utf8'), '3,rejected,a?[2Jb,')
  t.match(readFileSync(path('r.csv'), 'utf8'), "4,rejected,' =1,")
  t.match(readFileSync(path('r.csv'), 'utf8'), '5,rejected,?=1,')
})

t.test('what cannot be imported is one line and exit code 1, a wrong use exit code 2', async (t) => {
  const { latchkey, write, folder } = commandLine(t)
  write('letter.txt', 'nobody is in here\n')
  write('users.csv', 'username\nada\n')
  write('exists.jsonl', '')
  write('half.conf', 'hash_config {\n  base64_signer_key: x,\n}')
  for (const [code, stderr, ...args] of [
    [1, 'latchkey: nothing.csv does not exist\n', 'nothing.csv'],
    [1, 'latchkey: . is not a file\n', '.'],
    [1, /^latchkey: letter\.txt is not recognised .*\n$/, 'letter.txt'],
    [1, /^latchkey: users\.csv does not come from keycloak .*\n$/, 'users.csv', '--from', 'keycloak'],
    [1, /^latchkey: the report exists\.jsonl exists already; .*\n$/, 'users.csv', '--report', 'exists.jsonl'],
    [1, /^latchkey: the report no\/r\.jsonl cannot be written; .*\n$/, 'users.csv', '--report', 'no/r.jsonl'],
    [2, /^latchkey: --from must be one of auto, flask-jwt-demo, .*\n$/, 'users.csv', '--from', 'nonsense'],
    [2, 'latchkey: --digest and --salt-order go together\n', 'users.csv', '--digest', 'sha1'],
    [2, 'latchkey: --salt-encoding goes with --digest\n', 'users.csv', '--salt-encoding', 'hex'],
    [2, /argument 'md4' is invalid/, 'users.csv', '--digest', 'md4'],
    [
      2,
      /^latchkey: of the Firebase hash .* mem_cost is missing\n$/,
      'users.csv',
      '--firebase-hash-config',
      'half.conf',
    ],
    [2, 'latchkey: none.conf cannot be read\n', 'users.csv', '--firebase-hash-config', 'none.conf'],
    [2, /missing required argument 'file'/],
  ] as const) {
    const ending = await latchkey('import', ...args)
    t.match(ending, { code, stderr }, args.join(' '))
  }
  const memory = commandLine(t, { DATABASE_URL: 'sqlite::memory:' })
  memory.write('users.csv', 'username\nada\n')
  t.match(await memory.latchkey('import', 'users.csv'), { code: 0 })
  t.match(await memory.latchkey('import', 'users.csv', '--apply'), { code: 1, stderr: /would forget the accounts/ })
  t.strictSame(readdirSync(folder).sort(), ['exists.jsonl', 'half.conf', 'letter.txt', 'users.csv'], 'nothing was made')
})

t.test('a document that breaks off imports what came before, and fails', async (t) => {
  const line = commandLine(t)
  line.write('users.json', '{"users":[{"username":"ada"},{"user')
  const { code, stdout, stderr } = await line.latchkey('import', 'users.json', '--apply')
  t.equal(code, 1)
  t.match(stdout, ' imported                             1\n')
  t.equal(stderr, 'latchkey: users.json breaks off within user 2: it is cut short, or not valid JSON there\n')
  t.equal(await countUsers(line), 1)
})

t.test('Firebase’s hash parameters are read as its console shows them', async (t) => {
  const line = commandLine(t)
  line.write(
    'hash.conf',
    'hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,\n  base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}\n',
  )
  const user = {
    localId: 'a',
    email: 'ada@example.org',
    passwordHash: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
    salt: '42xEC+ixf3L2lw==',
  }
  line.write('users.json', JSON.stringify({ users: [user] }))
  await line.latchkey('import', 'users.json', '--apply', '--firebase-hash-config', 'hash.conf')
  const { api } = await startService(t, line.environment)
  const login = (password: string) => call(`${api}/auth/login`, { identifier: user.email, password })
  t.equal((await login('user1passwort')).status, 401)
  t.equal((await login('user1password')).status, 200)
})

t.test('export → import → export is the same file', async (t) => {
  const [one, other] = [commandLine(t), commandLine(t)]
  one.write(
    'users.jsonl',
    people(600) +
      jsonLines(
        {
          number: 2000,
          username: 'Ada',
          name: 'Ada "X" Ö',
          roles: ['admin', 'user'],
          created_at: '2020-01-01T00:00:00.123Z',
        },
        {
          number: 3000,
          email: 'Bob@Example.org',
          email_verified: true,
          disabled: true,
          password_hash: '$1$abcdefgh$yyGbRQZVDnToZkGA5MzNJ1',
        },
        { number: 3001, username: 'nobody', roles: [] },
      ),
  )
  await one.latchkey('import', 'users.jsonl', '--apply')
  for (const options of [['--with-hashes'], []]) {
    const name = `all${options.length}.jsonl`
    const { code, stdout } = await one.latchkey('export', ...options, '--output', name)
    t.strictSame([code, stdout], [0, `603 accounts written to ${name}\n`])
    const text = readFileSync(one.path(name), 'utf8')
    t.equal(text.includes('$2b$04$'), options.length === 1, 'hashes only when asked for')
    t.equal(statSync(one.path(name)).mode & 0o777, 0o600)

    const copy = options.length === 1 ? other : commandLine(t)
    copy.write('all.jsonl', text)
    t.match(await copy.latchkey('import', 'all.jsonl', '--apply'), { code: 0, stdout: /imported {27}603\n/ })
    const again = await copy.latchkey('export', ...options)
    t.equal(again.stdout, text, 'byte for byte')
  }
  const weak = await other.withDatabase((db) =>
    db.selectFrom('passwords').select('weak_format').where('user_id', '=', 3000).execute(),
  )
  t.strictSame(weak, [{ weak_format: 'md5-crypt' }])
})

t.test('export overwrites nothing and makes nothing where there is nothing', async (t) => {
  const line = commandLine(t)
  t.match(await line.latchkey('export'), {
    code: 1,
    stdout: '',
    stderr: /^latchkey: (sqlite|postgres):.* does not exist\n$/,
  })
  t.strictSame(readdirSync(line.folder), [])
  await line.latchkey('db', 'create')
  line.write('precious', 'a letter')
  t.match(await line.latchkey('export', '--output', 'precious'), {
    code: 1,
    stdout: '',
    stderr: 'latchkey: precious exists already; nothing was written\n',
  })
  t.equal(readFileSync(line.path('precious'), 'utf8'), 'a letter')
  t.match(await line.latchkey('export'), { code: 0, stdout: '', stderr: '' })
})
