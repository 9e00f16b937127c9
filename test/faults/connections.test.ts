/** What clients do that only hold on: others are served meanwhile, and it costs the service little. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { testEnvironment } from '../support/app.ts'
import { acknowledgements, live } from '../support/fault.ts'
import { type Service, startService } from '../support/service.ts'
import { eventually } from '../support/wait.ts'

const IDLE = 10_000
const DESCRIPTORS = IDLE + 4000

/**
 * Most memory that an idle connection may cost, in KiB; and that all of the rest may cost together, which send 200 MB of
 * headers. Seen were 8, and from 42,000 to 83,000.
 */
const EACH = 12
const REST = 150_000

/** Opened at once at most: more would not fit into the queue of connections that wait to be accepted. */
const AT_ONCE = 250

/** Lets a process have as many connections as this test needs. The children inherit it. */
function raiseLimit(): void {
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -n']).toString())
  if (limit < DESCRIPTORS) execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${DESCRIPTORS}`])
}

const residentKiB = ({ child }: Service) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1])
const descriptors = ({ child }: Service) => readdirSync(`/proc/${child.pid}/fd`).length

function open(port: number, first?: string | Buffer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      socket.off('error', reject)
      // a reset is a way to close
      socket.on('error', () => {})
      if (first) socket.write(first)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

async function openMany(port: number, count: number, first?: string | Buffer): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const more = Math.min(AT_ONCE, count - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: more }, () => open(port, first)))))
  }
  return sockets
}

/** Registers, refreshes and asks whether the service lives; how long the slowest took, in ms. */
async function others(
  t: Test,
  people: ReturnType<typeof acknowledgements>,
  service: Service,
  what: string,
): Promise<void> {
  const start = performance.now()
  const statuses = await Promise.all(Array.from({ length: 10 }, () => people.register(service)))
  const refreshed = await people.refresh(service)
  const { status } = await live(t, service)
  const took = Math.round(performance.now() - start)
  t.strictSame(new Set([...statuses, ...refreshed, status]), new Set([201, 200]), `${what}: others are served`)
  t.ok(took < 5000, `${what}: in ${took} ms`)
}

const HALF_A_REQUEST = 'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
const ENDLESS_BODY = `${HALF_A_REQUEST}Content-Length: 60000\r\n\r\n{"identifier":"`
const WHOLE = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'
const MEGABYTE = Buffer.from(`GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(1 << 20)}\r\n\r\n`)

t.test(`${IDLE} idle connections, slow and endless requests, headers of 1 MB, half-closed sockets`, async (t) => {
  raiseLimit()
  const service = await startService(t, testEnvironment(t))
  const people = acknowledgements(t)
  const port = Number(new URL(service.api).port)
  await others(t, people, service, 'before')
  const [memory, files] = [residentKiB(service), descriptors(service)]

  const idle = await openMany(port, IDLE)
  await others(t, people, service, 'idle')
  const cost = residentKiB(service) - memory
  t.ok(cost < IDLE * EACH, `${IDLE} idle connections cost ${cost} KiB`)

  const slow = await openMany(port, 500, HALF_A_REQUEST)
  const endless = await openMany(port, 500, ENDLESS_BODY)
  const drip = setInterval(() => {
    for (const socket of slow) socket.write('x')
    for (const socket of endless) socket.write('x')
  }, 200)
  await others(t, people, service, 'slow and endless')

  const halves = await openMany(port, 500, WHOLE)
  let answered = 0
  for (const socket of halves) {
    socket.once('data', (bytes) => {
      if (String(bytes).startsWith('HTTP/1.1 200')) answered += 1
    })
    socket.end()
  }
  const huge = await openMany(port, 200, MEGABYTE)
  for (const socket of huge) socket.on('data', () => socket.end())
  await others(t, people, service, 'all at once')
  await eventually(() => answered === halves.length && huge.every(({ destroyed }) => destroyed), 30_000)
  const rest = residentKiB(service) - memory - cost
  t.ok(rest < REST, `the others cost ${rest} KiB`)

  // the slow ones are not waited for: 15 s for a header, 30 s for all of a request, seen every 30 s
  await eventually(
    () => slow.every((socket) => socket.destroyed || socket.readableLength > 0 || socket.readableEnded),
    75_000,
  )
  clearInterval(drip)
  for (const socket of [...idle, ...slow, ...endless, ...halves, ...huge]) socket.destroy()
  // those that our own requests keep open are few
  await eventually(() => descriptors(service) <= files + 200)
  await after(100)
  await others(t, people, service, 'after')
})
