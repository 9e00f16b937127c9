import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { connect, createServer } from 'node:net'
import { getPriority } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { MIGRATION_NAMES } from '../src/db/migrate.ts'
import { bearer, type Environment, isLeftOut, JWT_KEY, somebody, type Tokens } from './support/app.ts'
import { type Child, emptyFolder, PROJECT, startChild } from './support/child.ts'
import { openConnection } from './support/load.ts'
import { matchLists } from './support/match.ts'
import { freePort } from './support/ports.ts'
import { startRedis } from './support/redis.ts'
import { call } from './support/service.ts'
import { eventually } from './support/wait.ts'

const SERVER = join(PROJECT, 'src/server.ts')
const METRICS_TOKEN = 'a-token-for-metrics'

/** Hashes that take seconds: long enough to be in flight when something happens. */
const SLOW_HASH = { ARGON2_MEMORY: '65536', ARGON2_TIME: '16', METRICS: `token:${METRICS_TOKEN}` }

/** The service in a folder of its own, not waited for. */
function launch(t: Test, environment: Environment = {}, folder = emptyFolder(t)): Child {
  return startChild(t, { args: [SERVER], cwd: folder, env: environment })
}

interface Service extends Child {
  base: string
  folder: string
}

/** The service on a free port, once it has said that it is there. */
async function serve(t: Test, environment: Environment = {}, folder = emptyFolder(t)): Promise<Service> {
  const port = await freePort()
  const child = launch(t, { PORT: String(port), ...environment }, folder)
  await eventually(() => {
    if (child.process.exitCode !== null) throw new Error(`the service ended: ${child.errors()}`)
    return child.errors().includes('tokens ')
  }, 30_000)
  return { ...child, base: `http://127.0.0.1:${port}`, folder }
}

/** The status of an answer; 0 where nobody answers. */
const statusOf = (url: string) =>
  fetch(url).then(
    ({ status }) => status,
    () => 0,
  )

/** What the service has logged, line by line. */
function logOf({ output }: Child): string[] {
  const lines = output().split('\n').filter(Boolean)
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
}

/** Sends a registration and resolves, with the answer still to come, once its password is being hashed. */
async function beginRegistration(service: Service): Promise<{ answer: Promise<Response> }> {
  const answer = fetch(`${service.base}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(somebody()),
  })
  answer.catch(() => {})
  await eventually(() => isHashing(service))
  return { answer }
}

/** Whether a password is being hashed. */
async function isHashing({ base }: Service): Promise<boolean> {
  const metrics = await fetch(`${base}/metrics`, { headers: bearer(METRICS_TOKEN) })
  return (await metrics.text()).includes('latchkey_hash_running 1')
}

t.test('with nothing configured it starts in an empty folder, and says where everything is', async (t) => {
  const service = await serve(t)
  const { base, folder } = service
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'))
  t.strictSame(service.errors().split('\n'), [
    `Latchkey ${version} on Node ${process.versions.node}`,
    `  API        ${base}/api/v1`,
    `  try it     ${base}/docs`,
    `  read it    ${base}/redoc`,
    `  contract   ${base}/openapi.yaml`,
    '  database   sqlite:data/latchkey.db',
    '  ephemeral  embedded, in the database',
    '  mail       into files below data/mail',
    '  tokens     ES256, 900 s',
    '',
  ])
  t.strictSame(readdirSync(join(folder, 'data')).sort(), [
    'jwt.key',
    'latchkey.db',
    'latchkey.db-shm',
    'latchkey.db-wal',
  ])
  t.equal(statSync(join(folder, 'data')).mode & 0o777, 0o700, 'nobody else may look')
  t.equal(statSync(join(folder, 'data/jwt.key')).mode & 0o777, 0o600)
  // the log is written a moment later than what is said
  await eventually(() => logOf(service).length > 1)
  t.strictSame(logOf(service), ['JWT_KEY is not set: made one for development in data/jwt.key', `listening on ${base}`])
  for (const path of ['/docs', '/redoc', '/openapi.yaml', '/health/ready']) {
    t.equal(await statusOf(base + path), 200, path)
  }
})

t.test('a second start takes up where the first ended', async (t) => {
  const first = await serve(t)
  const { body } = await call<Tokens>(`${first.base}/api/v1/auth/register`, somebody())
  first.process.kill('SIGTERM')
  t.equal((await first.ended).code, 0)

  const second = await serve(t, {}, first.folder)
  const me = await call(`${second.base}/api/v1/users/me`, undefined, bearer(body.access_token))
  t.equal(me.status, 200, 'although it has another port')
  const { refresh_token } = body
  t.equal((await call(`${second.base}/api/v1/auth/refresh`, { refresh_token })).status, 200)
  t.strictSame(logOf(second).slice(0, 1), [`listening on ${second.base}`], 'no other key was made')
})

t.test('in production a stop is announced, and what is in flight is answered', async (t) => {
  const service = await serve(t, { NODE_ENV: 'production', JWT_KEY, ...SLOW_HASH, ARGON2_TIME: '48' })
  t.equal(await statusOf(`${service.base}/health/ready`), 200)
  const { answer } = await beginRegistration(service)
  service.process.kill('SIGTERM')
  await eventually(async () => (await statusOf(`${service.base}/health/ready`)) === 503)
  const health = await fetch(`${service.base}/health`)
  matchLists(t, [health.status, await health.json()], [200, { status: 'stopping' }])
  t.equal(health.headers.get('connection'), 'close', 'the next request should go elsewhere')
  await eventually(async () => (await statusOf(`${service.base}/health/live`)) === 0)
  t.equal(service.process.exitCode, null, 'the door is closed, but somebody is still inside')
  t.equal((await answer).status, 201)
  t.strictSame((await service.ended).code, 0)
  t.strictSame(logOf(service).at(-1), 'stopped')
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} in development: what is in flight is answered, and the end is near`, async (t) => {
    const service = await serve(t, SLOW_HASH)
    await openConnection(t, service.base).ask('/health')
    const { answer } = await beginRegistration(service)
    service.process.kill(signal)
    const { status, headers } = await answer
    const answered = performance.now()
    t.strictSame([status, headers.get('connection')], [201, 'close'])
    t.equal(await statusOf(`${service.base}/health/live`), 0, 'the door has been closed before that')
    t.strictSame((await service.ended).code, 0)
    // a busy machine takes seconds, and this connection is kept for more than a minute
    t.ok(performance.now() - answered < 15_000, 'although there is a client who keeps its connection')
  })

  t.test(`a second ${signal} ends everything at once`, async (t) => {
    const service = await serve(t, SLOW_HASH)
    const { answer } = await beginRegistration(service)
    service.process.kill(signal)
    await eventually(() => logOf(service).includes('stopping'))
    service.process.kill(signal)
    await t.rejects(answer, { message: 'fetch failed' })
    t.equal((await service.ended).code, 1)
    t.notOk(logOf(service).includes('stopped'))
  })
}

t.test('connections on which nothing happens do not hold up the stop', async (t) => {
  const service = await serve(t, { METRICS: `127.0.0.1:${await freePort()}` })
  const metrics = /metrics {4}(\S+)/.exec(service.errors())?.[1] ?? ''
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  for (const url of [`${service.base}/health/live`, metrics]) {
    await new Promise((resolve) => get(url, { agent }, (response) => response.resume().once('end', resolve)))
  }
  const silent = connect(Number(new URL(service.base).port), '127.0.0.1')
  silent.on('error', () => {})
  t.teardown(() => silent.destroy())
  await new Promise((resolve) => silent.once('connect', resolve))
  const begin = performance.now()
  service.process.kill('SIGTERM')
  t.equal((await service.ended).code, 0)
  t.ok(performance.now() - begin < 3000)
})

/** Variables with which no start is possible, and the line that says so. */
const REFUSED: Array<[title: string, variables: Environment, line: string]> = [
  [
    'production has no JWT_KEY',
    { NODE_ENV: 'production' },
    'JWT_KEY is required in production: at least 32 random bytes, for example of `openssl rand -base64 48`',
  ],
  [
    'the database is another kind of file',
    { DATABASE_URL: 'sqlite:letter.txt' },
    'the database letter.txt cannot be opened: file is not a database',
  ],
  [
    'the database is a folder',
    { DATABASE_URL: 'sqlite:.' },
    'the database . cannot be opened: unable to open database file',
  ],
  [
    'the database’s folder cannot be made',
    { DATABASE_URL: 'sqlite:letter.txt/latchkey.db' },
    "the database letter.txt/latchkey.db cannot be opened: EEXIST: file already exists, mkdir 'letter.txt'",
  ],
  [
    'the schema is to be checked and is not there',
    { MIGRATE: 'check' },
    `the database lacks the migrations ${MIGRATION_NAMES.join(', ')}; run "npm run migrate", or set MIGRATE=auto`,
  ],
  ['the key file was cut off', { DATABASE_URL: 'sqlite:x.db' }, 'the key in jwt.key has fewer than 32 bytes'],
  [
    'the address belongs to another machine',
    { HOST: '192.0.2.1', PORT: '3999' },
    '192.0.2.1:3999 is not an address of this machine; HOST chooses one',
  ],
]

for (const [title, variables, line] of REFUSED) {
  t.test(`one line and exit 1 where ${title}`, async (t) => {
    const folder = emptyFolder(t)
    writeFileSync(join(folder, 'letter.txt'), 'Dear Ada,\nthis is not a database.\n')
    writeFileSync(join(folder, 'jwt.key'), 'short')
    const begin = performance.now()
    const { code, stderr } = await launch(t, { LOG_LEVEL: 'error', ...variables }, folder).ended
    t.strictSame([code, stderr], [1, `latchkey: ${line}\n`])
    t.ok(performance.now() - begin < 15_000, 'soon')
  })
}

t.test('without Redis the service starts all the same, and says so', async (t) => {
  const child = launch(t, { PORT: String(await freePort()), REDIS_URL: 'redis://somebody:hunter2@127.0.0.1:1' })
  await eventually(() => child.errors().includes('ephemeral'), 30_000)
  t.match(child.errors(), '  ephemeral  in the database; REDIS DOES NOT ANSWER\n')
  t.notMatch(child.errors() + child.output(), 'hunter2')
})

t.test(
  'one line and exit 1 where Redis wants a password that it is not given',
  { skip: isLeftOut('redis') },
  async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    const { port } = server
    const owner = new Redis(server.url)
    await owner.config('SET', 'requirepass', 'the right password')
    owner.disconnect()
    const child = launch(t, { REDIS_URL: `redis://:wrong-password@127.0.0.1:${port}`, LOG_LEVEL: 'error' })
    const { code, stderr } = await child.ended
    t.equal(code, 1)
    t.match(stderr, new RegExp(`^latchkey: Redis at 127\\.0\\.0\\.1:${port} refuses: .+\\n$`))
    t.notMatch(stderr, 'wrong-password')
  },
)

t.test('one line and exit 1 where the port is in use, the service’s own or that of its metrics', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as { port: number }
  const service = await launch(t, { PORT: String(port) }).ended
  t.strictSame(
    [service.code, service.stderr],
    [1, `latchkey: 127.0.0.1:${port} is in use by another process; PORT chooses another\n`],
  )
  const metrics = await launch(t, { METRICS: `127.0.0.1:${port}`, PORT: String(await freePort()) }).ended
  t.equal(metrics.code, 1)
  t.match(metrics.stderr, /^latchkey: metrics cannot be served: listen EADDRINUSE: .+\n$/)
})

t.test('one line and exit 1 where the keys were sealed under another JWT_KEY', async (t) => {
  const first = await serve(t, { JWT_KEY })
  first.process.kill('SIGTERM')
  await first.ended
  const other = 'another master key for tests, of more than 32 bytes'
  const { code, stderr } = await launch(t, { JWT_KEY: other }, first.folder).ended
  t.strictSame([code, stderr], [1, 'latchkey: the signing keys in this database were sealed under another JWT_KEY\n'])
})

t.test('two processes that start at once on one new database both come up, and believe each other', async (t) => {
  for (const round of [1, 2, 3, 4, 5]) {
    const folder = emptyFolder(t)
    const [one, two] = await Promise.all([serve(t, {}, folder), serve(t, {}, folder)])
    const { status, body } = await call<Tokens>(`${one.base}/api/v1/auth/register`, somebody())
    t.equal(status, 201, `round ${round}`)
    const { refresh_token, access_token } = body
    t.equal((await call(`${two.base}/api/v1/users/me`, undefined, bearer(access_token))).status, 200)
    t.equal((await call(`${two.base}/api/v1/auth/refresh`, { refresh_token })).status, 200)
    for (const { process } of [one, two]) process.kill('SIGTERM')
    t.strictSame(
      (await Promise.all([one.ended, two.ended])).map(({ code }) => code),
      [0, 0],
    )
  }
})

t.test('in production browsers are told to come by TLS, and the banner needs no development key', async (t) => {
  const service = await serve(t, { NODE_ENV: 'production', JWT_KEY })
  const { headers } = await fetch(`${service.base}/health`)
  t.match(headers.get('strict-transport-security'), /^max-age=\d{8}/)
  t.strictSame(readdirSync(join(service.folder, 'data')).includes('jwt.key'), false)
})

t.test('LOG_LEVEL=silent is silent', async (t) => {
  const port = await freePort()
  const child = launch(t, { LOG_LEVEL: 'silent', PORT: String(port) })
  await eventually(async () => (await statusOf(`http://127.0.0.1:${port}/health`)) === 200, 30_000)
  child.process.kill('SIGTERM')
  t.strictSame(await child.ended, { code: 0, stdout: '', stderr: '' })
})

t.test('requests are logged while every thread hashes', async (t) => {
  const service = await serve(t, { ...SLOW_HASH, HASH_CONCURRENCY: '1' })
  const { answer } = await beginRegistration(service)
  const health = (await fetch(`${service.base}/health`)).headers.get('x-request-id')
  await eventually(() => service.output().includes(`"reqId":"${health}"`), 30_000)
  t.ok(await isHashing(service), 'and it still does')
  t.equal((await answer).status, 201)
})

for (const workers of ['1', '2']) {
  t.test(`where the log cannot be written, ${workers} of them serve all the same`, async (t) => {
    const [port, folder] = [await freePort(), emptyFolder(t)]
    const env = { WORKERS: workers, PORT: String(port), LATCHKEY: SERVER, NODE: process.execPath }
    const args = ['-c', 'exec "$NODE" "$LATCHKEY" > /dev/full']
    const child = startChild(t, { command: 'sh', args, cwd: folder, env })
    await eventually(() => child.errors().includes('tokens '), 30_000)
    const { status } = await call(`http://127.0.0.1:${port}/api/v1/auth/register`, somebody())
    t.equal(status, 201)
    child.process.kill('SIGTERM')
    t.equal((await child.ended).code, 0)
  })
}

t.test('a log that is read slowly is whole', async (t) => {
  const lineOf = (index: number) => `${index} ${'x'.repeat(index % 7 ? 500 : 20_000)}\n`
  const lines = Array.from({ length: 2000 }, (_, index) => lineOf(index))
  // once Node has made a socket of it, standard output is one that says "try again" and does not wait
  const program = `
    import { Socket } from 'node:net'
    import { standardOutput } from '${join(PROJECT, 'src/operation/log.ts')}'
    new Socket({ fd: 1 })
    const lineOf = ${lineOf}
    const output = standardOutput()
    for (let index = 0; index < ${lines.length}; index += 1) {
      if (index % 2) output.write(lineOf(index))
      else output.collect(lineOf(index))
    }
    process.exit()`
  const args = ['--input-type=module', '--eval', program]
  const { code, stdout } = await startChild(t, { args, cwd: emptyFolder(t) }).ended
  t.equal(code, 0)
  t.ok(stdout === lines.join(''), 'each line, in its place')
})

/** How the kernel ranks the threads of a process, by their names: 0 is usual, 19 comes last (proc_pid_stat(5), field 19). */
function ranks({ process: { pid } }: Child): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>()
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    const [, name = '', rest = ''] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8')) ?? []
    const nice = Number(rest.split(' ')[16])
    found.set(name, (found.get(name) ?? new Set()).add(nice))
  }
  return found
}

t.test('the threads that hash stand behind the one that serves', async (t) => {
  const found = ranks(await serve(t, { HASH_CONCURRENCY: '2' }))
  const usual = getPriority()
  t.strictSame(found.get('libuv-worker'), new Set([Math.min(19, usual + 10)]))
  t.strictSame(found.get('MainThread'), new Set([usual]))
})

/** The machine's own Node, where it is too old for us. */
function findOldNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return folders
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      try {
        return Number.parseInt(execFileSync(node, ['-p', 'process.versions.node']).toString(), 10) < 24
      } catch {
        return false
      }
    })
}

const OLD_NODE = findOldNode()

const REFUSAL = /^latchkey: this is Node \d+\.\d+\.\d+, but it takes 24 or newer; "npm ci" brings it along\n$/

t.test('a Node that cannot read TypeScript is refused by what npm start runs', { skip: !OLD_NODE }, async (t) => {
  const node = String(OLD_NODE)
  const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'))
  for (const script of ['start', 'latchkey', 'migrate']) {
    const env = { PATH: dirname(node) }
    const ending = await startChild(t, { command: '/bin/sh', args: ['-c', scripts[script]], cwd: PROJECT, env }).ended
    t.strictSame([ending.code, ending.stdout], [1, ''], script)
    t.match(ending.stderr, REFUSAL)
  }
})

t.test('a Node that is too old, but reads TypeScript, is refused too', async (t) => {
  const pretend = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.18.0' } })"
  for (const program of ['server.ts', 'cli.ts']) {
    const args = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, join(PROJECT, 'src', program)]
    const { code, stdout, stderr } = await startChild(t, { args, cwd: emptyFolder(t) }).ended
    t.strictSame([code, stdout], [1, ''])
    t.match(stderr, REFUSAL)
  }
})
