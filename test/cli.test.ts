import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { MIGRATION_NAMES } from '../src/db/migrate.ts'
import { CHEAP_HASH, type Environment, getMe, JWT_KEY, login, post, somebody, type Tokens } from './support/app.ts'
import { emptyFolder, PROJECT, startChild } from './support/child.ts'
import { matchLists } from './support/match.ts'
import { freePort } from './support/ports.ts'
import { eventually } from './support/wait.ts'

const CLI = join(PROJECT, 'src/cli.ts')

/** The command line in a folder of its own, with the database in `test.db`. */
function commandLine(t: Test, more: Environment = {}) {
  const folder = emptyFolder(t)
  const environment = { JWT_KEY, DATABASE_URL: 'sqlite:test.db', ...more }
  const latchkey = (args: string, input?: string) =>
    startChild(t, {
      args: [CLI, ...args.split(' ').filter(Boolean)],
      cwd: folder,
      env: environment,
      ...(input !== undefined && { input }),
    }).ended
  /** The service on the same database, within this process. */
  const openApp = async () => {
    const url = `sqlite:${join(folder, 'test.db')}`
    const config = loadConfig({ ...environment, ...CHEAP_HASH, DATABASE_URL: url, LOG_LEVEL: 'silent' })
    const app = await buildApp(config)
    t.teardown(() => app.close())
    return app
  }
  return { folder, latchkey, openApp, path: (name: string) => join(folder, name) }
}

/** A line for each migration. */
const linesOf = (before: string, after = '') => MIGRATION_NAMES.map((name) => `${before}${name}${after}\n`).join('')

t.test('db create makes the database once', async (t) => {
  const { latchkey, folder } = commandLine(t)
  t.strictSame(await latchkey('db create'), {
    code: 0,
    stdout: linesOf('done: '),
    stderr: '',
  })
  matchLists(t, readdirSync(folder), ['test.db'])
  t.strictSame(await latchkey('db create'), { code: 0, stdout: 'sqlite:test.db is up to date\n', stderr: '' })
})

t.test('db drop deletes the database’s files and nothing else', async (t) => {
  const { latchkey, folder, path } = commandLine(t)
  await latchkey('db create')
  const others = ['jwt.key', 'test.db-notes', 'test.db.backup', 'test.dbx']
  for (const name of [...others, 'test.db-wal', 'test.db-shm']) writeFileSync(path(name), 'x')
  t.strictSame(await latchkey('db drop --yes'), { code: 0, stdout: 'deleted sqlite:test.db\n', stderr: '' })
  t.strictSame(readdirSync(folder).sort(), others)
  t.match(await latchkey('db drop --yes'), { code: 0, stdout: 'sqlite:test.db does not exist\n' })
})

t.test('db drop does not delete what is no database', async (t) => {
  const { latchkey, path } = commandLine(t)
  writeFileSync(path('test.db'), 'a letter that nobody has a copy of')
  t.strictSame(await latchkey('db drop --yes'), {
    code: 1,
    stdout: '',
    stderr: 'latchkey: test.db is not a database: nothing was deleted\n',
  })
  t.ok(existsSync(path('test.db')))
  const folder = commandLine(t, { DATABASE_URL: 'sqlite:.' })
  t.match(await folder.latchkey('db drop --yes'), { code: 1, stderr: /is not a database/ })
  const memory = commandLine(t, { DATABASE_URL: 'sqlite::memory:' })
  t.match(await memory.latchkey('db drop --yes'), { code: 0, stdout: 'sqlite::memory: does not exist\n' })
})

t.test('db drop needs --yes where nobody can be asked', async (t) => {
  const { latchkey, path } = commandLine(t)
  await latchkey('db create')
  const { code, stdout, stderr } = await latchkey('db drop', 'yes\n')
  t.strictSame([code, stdout], [2, ''])
  t.equal(stderr, 'latchkey: db drop needs --yes where nobody can be asked\n')
  t.ok(existsSync(path('test.db')))
})

/** Runs the command line at a terminal, which `script` makes, and types once it has asked. */
function atTerminal(t: Test, folder: string, args: string, typed: string) {
  const command = `"${process.execPath}" "${CLI}" ${args}`
  const env = { JWT_KEY, DATABASE_URL: 'sqlite:test.db', TERM: 'dumb' }
  const child = startChild(t, {
    command: 'script',
    args: ['-qec', command, '/dev/null'],
    cwd: folder,
    env,
    input: null,
  })
  eventually(() => child.output().includes(': ')).then(
    () => child.process.stdin?.write(typed),
    () => {},
  )
  return child.ended
}

t.test('db drop asks at a terminal', { skip: process.platform !== 'linux' }, async (t) => {
  const { latchkey, folder, path } = commandLine(t)
  await latchkey('db create')
  for (const typed of ['no\r', '\r']) {
    const { code, stdout } = await atTerminal(t, folder, 'db drop', typed)
    t.equal(code, 1)
    t.match(stdout, 'Delete sqlite:test.db with everything in it? Type yes: ')
    t.match(stdout, 'latchkey: nothing was deleted')
  }
  for (const key of ['\u0003', '\u0004']) t.match(await atTerminal(t, folder, 'db drop', key), { code: 1 })
  t.ok(existsSync(path('test.db')))
  t.match(await atTerminal(t, folder, 'db drop', 'yes\r'), { code: 0, stdout: /deleted sqlite:test\.db/ })
  t.notOk(existsSync(path('test.db')))
})

t.test('a password that is typed at a terminal is not shown', { skip: process.platform !== 'linux' }, async (t) => {
  const { folder, openApp } = commandLine(t)
  const ada = somebody()
  const args = `admin create --username ${ada.username} --email ${ada.email}`
  const { code, stdout } = await atTerminal(t, folder, args, `${ada.password}\r`)
  t.equal(code, 0)
  t.match(stdout, 'Password: ')
  t.notMatch(stdout, ada.password)
  await t.resolves(login(await openApp(), ada.username, ada.password))
})

t.test('migrations go up, down and are listed', async (t) => {
  const { latchkey } = commandLine(t)
  const pending = linesOf('', '  pending')
  const done = linesOf('done: ')
  const count = MIGRATION_NAMES.length
  t.match(await latchkey('migrate status'), { code: 0, stdout: pending, stderr: '' })
  t.match(await latchkey('migrate up'), { code: 0, stdout: done, stderr: '' })
  t.match(await latchkey('migrate up'), { code: 0, stdout: 'nothing to do\n', stderr: '' })
  t.match(await latchkey('migrate status'), {
    code: 0,
    stdout: new RegExp(`^(\\d{4}-[\\w-]+ {2}\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\n){${count}}$`),
  })
  t.match(await latchkey('migrate down --yes'), { code: 0, stdout: `done: ${MIGRATION_NAMES.at(-1)}\n`, stderr: '' })
  t.match(await latchkey('migrate down --all --yes'), { code: 0, stdout: /done: 0001-core\n$/, stderr: '' })
  t.match(await latchkey('migrate down --all --yes'), { code: 0, stdout: 'nothing to do\n', stderr: '' })
  t.match(await latchkey('migrate status'), { stdout: pending })
})

t.test('admin create makes an administrator, who can sign in', async (t) => {
  const { latchkey, openApp } = commandLine(t)
  const ada = somebody({ password: 'пароль with  spaces ' })
  const args = `admin create --username ${ada.username} --email ${ada.email} --name Ada`
  const { code, stdout, stderr } = await latchkey(args, `${ada.password}\nnot this line\n`)
  t.strictSame([code, stderr], [0, ''])
  t.match(stdout, /^made the administrator user\S+ \([0-9a-f-]{36}\)\n$/)
  const app = await openApp()
  const { access_token } = await login(app, ada.username, ada.password)
  matchLists(t, (await getMe(app, access_token)).json(), { name: 'Ada', roles: ['admin', 'user'] })
  const list = await app.inject({ url: '/api/v1/users', headers: { authorization: `Bearer ${access_token}` } })
  t.equal(list.statusCode, 200)
})

t.test('admin create refuses bad values with one line, and makes nobody', async (t) => {
  const { latchkey, openApp } = commandLine(t)
  const create = (username: string, email: string, password: string) =>
    latchkey(`admin create --username ${username} --email ${email}`, password)
  const good = 'a long password'
  t.match(await create('ada', 'ada@example.org', `${good}\n`), { code: 0 })
  for (const [username, email, password, line] of [
    ['a@b.org', 'b@example.org', good, 'username must have only letters, digits and . _ -'],
    ['ab', 'b@example.org', good, 'username must NOT have fewer than 3 characters'],
    ['bob', 'nobody', good, 'email must be an e-mail address'],
    ['bob', 'b@example.org', 'short', 'password must have at least 8 characters'],
    ['bob', 'b@example.org', '', 'password must NOT have fewer than 1 characters'],
    ['ADA', 'b@example.org', good, 'The username is taken.'],
    ['bob', 'Ada@Example.org', good, 'The e-mail address is taken.'],
  ] as const) {
    const ending = await create(username, email, password)
    t.strictSame(ending, { code: 1, stdout: '', stderr: `latchkey: ${line}\n` })
  }
  const users = await (await openApp()).db.selectFrom('users').select('username').execute()
  t.strictSame(users, [{ username: 'ada' }])
})

t.test('admin promote gives the role to the account of that user name or address', async (t) => {
  const { latchkey, openApp } = commandLine(t)
  const app = await openApp()
  for (const identifier of ['username', 'email'] as const) {
    const person = somebody()
    const { access_token } = (await post(app, '/auth/register', person)).json<Tokens>()
    t.strictSame((await getMe(app, access_token)).json().roles, ['user'])
    const name = person[identifier].toUpperCase()
    t.strictSame(await latchkey(`admin promote ${name}`), {
      code: 0,
      stdout: `${name} is an administrator\n`,
      stderr: '',
    })
    t.match((await login(app, person.username, person.password)).token_type, 'Bearer')
    const again = await login(app, person.username, person.password)
    t.strictSame((await getMe(app, again.access_token)).json().roles, ['admin', 'user'])
    t.match(await latchkey(`admin promote ${name}`), { code: 0 }, 'twice is once')
  }
  t.strictSame(await latchkey('admin promote nobody'), {
    code: 1,
    stdout: '',
    stderr: 'latchkey: There is no such user.\n',
  })
})

const LISTED = /^([\w-]{43}) {2}ES256 {2}(signs since \S+|signs from \S+|verifies)$/

t.test('keys are listed and rotated; the next one signs after it has been published', async (t) => {
  const { latchkey, openApp } = commandLine(t)
  const list = async () => {
    const { code, stdout, stderr } = await latchkey('keys list')
    t.strictSame([code, stderr], [0, ''])
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => LISTED.exec(line)?.slice(1) ?? [line])
  }
  matchLists(t, await list(), [[String, /^signs since/]])
  const rotated = await latchkey('keys rotate')
  t.match(rotated, { code: 0, stdout: /^[\w-]{43} {2}ES256 {2}signs from \S+Z\n$/, stderr: '' })
  const lead = Date.parse(rotated.stdout.trim().split(' ').at(-1) ?? '') - Date.now()
  t.ok(lead > 9 * 60_000 && lead <= 10 * 60_000, 'ten minutes')
  matchLists(t, await list(), [
    [String, /^signs since/],
    [String, /^signs from/],
  ])
  const now = await latchkey('keys rotate --now')
  matchLists(t, await list(), [
    [String, 'verifies'],
    [String, 'verifies'],
    [now.stdout.split(' ')[0], /^signs since/],
  ])
  const jwks = await (await openApp()).inject('/.well-known/jwks.json')
  t.equal(jwks.json().keys.length, 3, 'all are published')
})

t.test('keys rotate --now --revoke ends every access token, also on a node that runs', async (t) => {
  const { latchkey, openApp } = commandLine(t)
  const app = await openApp()
  const person = somebody()
  const { access_token, refresh_token } = (await post(app, '/auth/register', person)).json<Tokens>()
  t.equal((await getMe(app, access_token)).statusCode, 200)
  const { code, stdout, stderr } = await latchkey('keys rotate --now --revoke')
  t.strictSame([code, stderr], [0, ''])
  t.match(stdout, /^[\w-]{43} {2}ES256 {2}signs from \S+Z\nrevoked: 1\n$/)
  await eventually(async () => (await getMe(app, access_token)).statusCode === 401)
  t.equal((await getMe(app, access_token)).json().code, 'token_invalid')
  const refreshed = await post(app, '/auth/refresh', { refresh_token })
  t.equal(refreshed.statusCode, 200, 'sessions live on')
  t.equal((await getMe(app, refreshed.json<Tokens>().access_token)).statusCode, 200)
})

t.test('--revoke alone is refused', async (t) => {
  const { latchkey } = commandLine(t)
  t.strictSame(await latchkey('keys rotate --revoke'), {
    code: 2,
    stdout: '',
    stderr: 'latchkey: --revoke goes with --now\n',
  })
})

t.test('openapi prints each contract, whatever the environment is', async (t) => {
  const { latchkey, folder, path } = commandLine(t, { PORT: 'nonsense' })
  const printed = await latchkey('openapi')
  t.strictSame([printed.code, printed.stderr], [0, ''])
  t.equal(printed.stdout, readFileSync(join(PROJECT, 'openapi.yaml'), 'utf8'))
  const compat = await latchkey('openapi --compat')
  t.equal(compat.stdout, readFileSync(join(PROJECT, 'openapi-compat.yaml'), 'utf8'))
  t.strictSame(await latchkey('openapi --write out.yaml'), { code: 0, stdout: '', stderr: '' })
  t.equal(readFileSync(path('out.yaml'), 'utf8'), printed.stdout)
  t.strictSame(readdirSync(folder), ['out.yaml'], 'no database was made')
})

t.test('serve runs the service', async (t) => {
  const port = await freePort()
  const env = { JWT_KEY, DATABASE_URL: 'sqlite:test.db', PORT: String(port) }
  const child = startChild(t, { args: [CLI, 'serve'], cwd: emptyFolder(t), env })
  await eventually(() => child.errors().includes('/docs'), 30_000)
  t.equal((await fetch(`http://127.0.0.1:${port}/health/ready`)).status, 200)
  child.process.kill('SIGTERM')
  t.equal((await child.ended).code, 0)
})

t.test('help is on standard output and no failure', async (t) => {
  const { latchkey } = commandLine(t)
  for (const args of ['--help', 'help keys', 'keys rotate --help']) {
    const { code, stdout, stderr } = await latchkey(args)
    t.strictSame([code, stderr], [0, ''], args)
    t.match(stdout, /^Usage: latchkey/)
  }
  t.match(await latchkey('--version'), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
})

t.test('what is not understood is exit code 2 and says so on standard error', async (t) => {
  const { latchkey, folder } = commandLine(t)
  for (const [args, message] of [
    ['', 'Usage: latchkey'],
    ['db', 'Usage: latchkey db'],
    ['nonsense', "error: unknown command 'nonsense'"],
    ['keys nonsense', "error: unknown command 'nonsense'"],
    ['keys rotate --nonsense', "error: unknown option '--nonsense'"],
    ['db drop --yes now', 'error: too many arguments'],
    ['admin create --username ada', "error: required option '--email <address>' not specified"],
    ['admin promote', "error: missing required argument 'identifier'"],
    ['openapi --write', "error: option '--write <file>' argument missing"],
  ] as const) {
    const { code, stdout, stderr } = await latchkey(args)
    t.strictSame([code, stdout], [2, ''], args)
    t.match(stderr, message)
  }
  t.strictSame(readdirSync(folder), [], 'nothing was touched')
})

t.test('a bad configuration is exit code 1 and one line a fault', async (t) => {
  const { latchkey } = commandLine(t, { PORT: 'abc', JWT_KEY: 'short', MIGRATE: 'never' })
  for (const args of ['serve', 'db drop --yes', 'migrate status', 'keys list']) {
    t.strictSame(await latchkey(args), {
      code: 1,
      stdout: '',
      stderr: [
        'latchkey: PORT must be a whole number from 0 to 65535 (it is "abc")',
        'latchkey: MIGRATE must be one of auto, check (it is "never")',
        'latchkey: JWT_KEY must have at least 32 bytes',
        '',
      ].join('\n'),
    })
  }
})

t.test('a database that cannot be used is exit code 1 and one line', async (t) => {
  const { latchkey, path } = commandLine(t)
  writeFileSync(path('test.db'), 'a letter, not a database, although of some length')
  for (const args of ['db create', 'keys list']) {
    t.strictSame(await latchkey(args), {
      code: 1,
      stdout: '',
      stderr: 'latchkey: the database test.db cannot be opened: file is not a database\n',
    })
  }
})
