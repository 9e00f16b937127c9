/** Several processes behind one port. */
import { writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bearer, type Environment, JWT_KEY, somebody } from './support/app.ts'
import { type Child, emptyFolder, PROJECT, startChild } from './support/child.ts'
import { type Answer, connectionToEach, openConnection, startLoad } from './support/load.ts'
import { freePort } from './support/ports.ts'
import { eventually } from './support/wait.ts'

const SERVER = join(PROJECT, 'src/server.ts')
const CLI = join(PROJECT, 'src/cli.ts')
const METRICS_TOKEN = 'a-token-for-metrics'
const START = 60_000

/** As many hashes as workers, whatever this machine has. */
const TWO = { WORKERS: '2', HASH_CONCURRENCY: '2' }

interface Service extends Child {
  base: string
  folder: string
}

async function serve(t: Test, more: Environment = {}, args = [SERVER]): Promise<Service> {
  const port = await freePort()
  const env = { ...TWO, JWT_KEY, PORT: String(port), ...more }
  const folder = emptyFolder(t)
  const child = startChild(t, { args, cwd: folder, env })
  await eventually(() => {
    if (child.process.exitCode !== null) throw new Error(`the service ended: ${child.errors()}`)
    return child.errors().includes('tokens ')
  }, START)
  return { ...child, base: `http://127.0.0.1:${port}`, folder }
}

interface Line {
  msg: string
  pid: number
  worker: number
  worker_pid: number
  path?: string
}

const logOf = ({ output }: Child) =>
  output()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)

/** The workers that ever became ready, oldest first. */
const readyWorkers = (service: Child) => logOf(service).filter(({ msg }) => msg === 'a worker is ready')

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

t.test(
  'workers share one port evenly, speak with one voice, and show all of themselves to whoever scrapes one',
  async (t) => {
    const env = { HASH_CONCURRENCY: '2', WORKERS: '1', METRICS: `token:${METRICS_TOKEN}` }
    const service = await serve(t, env, [CLI, 'serve', '--workers', '2'])
    t.equal(service.errors().match(/^Latchkey /gm)?.length, 1, 'one banner')
    t.match(service.errors(), /^ {2}workers {4}2$/m)

    const answers: Answer[] = []
    // one after another: of workers that are both free the one gets it that has waited longer
    for (let count = 0; count < 40; count += 1) answers.push(await openConnection(t, service.base).ask('/health/live'))
    const counts = new Map<string, number>()
    for (const { process } of answers) counts.set(process, (counts.get(process) ?? 0) + 1)
    t.equal(counts.size, 2)
    for (const count of counts.values()) t.ok(count >= 10, `${count} of 40 connections`)

    await eventually(() => logOf(service).filter(({ msg }) => msg === 'request').length === 40)
    const pids = new Set(readyWorkers(service).map(({ worker_pid }) => worker_pid))
    const writers = new Set(logOf(service).flatMap(({ msg, pid }) => (msg === 'request' ? [pid] : [])))
    t.strictSame([...writers].sort(), [...pids].sort(), 'a line says who wrote it, and the parent serves nobody')

    const clients = await connectionToEach(t, service.base, 2)
    for (const [index, client] of clients.entries())
      for (let count = 0; count <= index; count += 1) await client.ask('/openapi.yaml')
    const series = /^latchkey_http_request_duration_seconds_count\{worker="\d",.*route="\/openapi\.yaml".*\} (\d)$/gm
    for (const client of clients) {
      const { body } = await client.ask('/metrics', undefined, bearer(METRICS_TOKEN))
      t.strictSame([...body.matchAll(series)].map(([, count]) => count).sort(), ['1', '2'])
      for (const name of ['latchkey_worker_up', 'process_start_time_seconds', 'latchkey_hash_waiting']) {
        const labels = [...body.matchAll(new RegExp(`^${name}\\{worker="(\\d)"\\} `, 'gm'))].map(([, label]) => label)
        t.strictSame(labels.sort(), ['1', '2'], name)
      }
      t.equal(body.match(/^# TYPE latchkey_hash_waiting gauge$/gm)?.length, 1)
    }
  },
)

/** What makes a start impossible, and the line that says so. */
const REFUSED: Array<[what: string, variables: Environment, line: RegExp]> = [
  [
    'the configuration is impossible',
    { WORKERS: '3' },
    /WORKERS must not be more than HASH_CONCURRENCY \(2\), which they share \(it is "3"\)/,
  ],
  [
    'no worker can open the database',
    { DATABASE_URL: 'sqlite:.' },
    /the database \. cannot be opened: unable to open database file/,
  ],
]

for (const [what, variables, line] of REFUSED) {
  t.test(`one line and exit 1 where ${what}`, async (t) => {
    const env = { ...TWO, JWT_KEY, LOG_LEVEL: 'fatal', PORT: String(await freePort()), ...variables }
    const { code, stdout, stderr } = await startChild(t, { args: [SERVER], cwd: emptyFolder(t), env }).ended
    t.strictSame([code, stdout], [1, ''])
    t.match(stderr, new RegExp(`^latchkey: ${line.source}\\n$`))
  })
}

t.test('one line and exit 1 where the port is in use', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as { port: number }
  const env = { ...TWO, JWT_KEY, PORT: String(port) }
  const { code, stderr } = await startChild(t, { args: [SERVER], cwd: emptyFolder(t), env }).ended
  t.strictSame([code, stderr], [1, `latchkey: 127.0.0.1:${port} is in use by another process; PORT chooses another\n`])
})

t.test('who crashes is replaced, who cannot start replaces nobody, and nobody outlives the parent', async (t) => {
  const service = await serve(t)
  const [first] = readyWorkers(service)
  const client = openConnection(t, service.base, false)
  process.kill(Number(first?.worker_pid), 'SIGKILL')
  await eventually(() => !isRunning(Number(first?.worker_pid)))
  t.equal((await client.ask('/health/ready')).status, 200, 'the other serves')
  await eventually(() => readyWorkers(service).length === 3, START)
  await connectionToEach(t, service.base, 2)
  const said = logOf(service).find(({ msg }) => msg.startsWith('a worker has ended'))
  t.match(said, { worker: first?.worker, signal: 'SIGKILL' })

  writeFileSync(join(service.folder, '.env'), 'DATABASE_URL=sqlite:.\n')
  service.process.kill('SIGHUP')
  await eventually(() => logOf(service).some(({ msg }) => msg.startsWith('a new worker cannot start')), START)
  t.equal((await client.ask('/health/ready')).status, 200)
  const running = readyWorkers(service).slice(1)
  t.strictSame(
    running.map(({ worker_pid }) => isRunning(worker_pid)),
    [true, true],
  )

  service.process.kill('SIGKILL')
  await service.ended
  await eventually(() => !running.some(({ worker_pid }) => isRunning(worker_pid)))
})

t.test('SIGHUP replaces every worker, and no request fails', async (t) => {
  const service = await serve(t)
  const load = await startLoad(t, service.base)
  const idle = await connectionToEach(t, service.base, 2)
  const served = await Promise.all(idle.map((client) => client.ask('/health/live')))
  for (const round of [1, 2]) {
    const before = load.answered()
    service.process.kill('SIGHUP')
    const replaced = () => logOf(service).filter(({ msg }) => msg === 'every worker was replaced').length
    await eventually(() => replaced() === round, START)
    await eventually(() => load.answered() > before + 100, START)
  }
  for (const [index, client] of idle.entries()) {
    const { status, headers, process } = await client.ask('/health/ready')
    t.equal(status, 200, 'on a connection on which nothing happened meanwhile')
    // on a slow machine it was idle for so long that it was closed, and this is another
    if (process === served[index]?.process) t.equal(headers.connection, 'close')
  }
  t.strictSame(await load.stop(), [])
  const [old, running] = [readyWorkers(service).slice(0, 4), readyWorkers(service).slice(4)]
  await eventually(() => !old.some(({ worker_pid }) => isRunning(worker_pid)))

  t.strictSame(
    running.map(({ worker_pid }) => isRunning(worker_pid)),
    [true, true],
  )
})

t.test('a worker that is replaced answers the request that it has, and the one that was on its way', async (t) => {
  const service = await serve(t)
  const port = Number(new URL(service.base).port)
  const body = JSON.stringify({ identifier: 'nobody', password: 'a long password' })
  const head = `POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
  const [busy, idle] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  const answers = new Map([busy, idle].map((socket) => [socket, '']))
  for (const socket of [busy, idle]) {
    socket.on('data', (chunk) => answers.set(socket, answers.get(socket) + String(chunk)))
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
  }
  const statuses = (socket: Socket) =>
    [...(answers.get(socket) ?? '').matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
  // one has begun a request, the other has had an answer and keeps its connection
  busy.write(head + body.slice(0, 10))
  idle.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
  await eventually(() => statuses(idle).length === 1)
  const old = readyWorkers(service)
  service.process.kill('SIGHUP')
  await eventually(() => logOf(service).some(({ msg }) => msg === 'every worker was replaced'), START)
  t.ok(
    old.every(({ worker_pid }) => isRunning(worker_pid)),
    'they have something to do',
  )
  busy.write(body.slice(10))
  idle.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
  await eventually(() => statuses(busy).length === 1 && statuses(idle).length === 2)
  t.strictSame([statuses(busy), statuses(idle)], [['401'], ['200', '200']])
  await eventually(() => !old.some(({ worker_pid }) => isRunning(worker_pid)))
})

t.test('SIGTERM lets every worker finish what it has', async (t) => {
  const slow = { ARGON2_MEMORY: '65536', ARGON2_TIME: '16' }
  const service = await serve(t, { ...slow, METRICS: `token:${METRICS_TOKEN}` })
  const clients = await connectionToEach(t, service.base, 2)
  const scrape = openConnection(t, service.base)
  const answers = clients.map((client) => client.ask('/api/v1/auth/register', somebody()))
  await eventually(async () => {
    const { body } = await scrape.ask('/metrics', undefined, bearer(METRICS_TOKEN))
    return body.match(/^latchkey_hash_running\{worker="\d"\} 1$/gm)?.length === 2
  }, START)
  service.process.kill('SIGTERM')
  for (const { status, headers } of await Promise.all(answers))
    t.strictSame([status, headers.connection], [201, 'close'])
  t.equal((await service.ended).code, 0)
  for (const { worker_pid } of readyWorkers(service)) t.notOk(isRunning(worker_pid))
})

t.test('a worker’s lines are whole and in their order, also those that are longer than what it collects', async (t) => {
  const service = await serve(t)
  const client = openConnection(t, service.base)
  const paths = [10, 4000, 10, 9000, 1000, 1000, 1000, 1000, 10].map(
    (length, index) => `/${index}${'x'.repeat(length)}`,
  )
  for (const path of paths) await client.ask(path)
  service.process.kill('SIGTERM')
  await service.ended
  t.strictSame(
    logOf(service).flatMap(({ path }) => (path && /^\/\d/.test(path) ? path : [])),
    paths,
  )
})
