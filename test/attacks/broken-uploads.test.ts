/** Uploads that are broken off: anybody can do that, so it is no outage, and the log says who it was. */
import { connect } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import t from 'tap'
import { openDoor } from '../support/door.ts'
import { eventually } from '../support/wait.ts'

const HEAD =
  'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n'

interface Line {
  level: number
  msg: string
  ip?: string
  path?: string
}

/** Sends the beginning of a body and goes: in peace, or with a reset. */
async function breakOff(port: number, how: 'destroy' | 'resetAndDestroy'): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.write(`${HEAD}{"identifier":"`, () => resolve()))
  // the service has to be at the body
  await after(50)
  socket[how]()
}

for (const how of ['destroy', 'resetAndDestroy'] as const)
  t.test(`an upload that is broken off by ${how} is one line with an address, and no error`, async (t) => {
    const { app } = await openDoor(t)
    const { port } = app.server.address() as { port: number }
    const lines = () =>
      app
        .logged()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line)
    const brokenOff = () => lines().filter(({ msg }) => msg.startsWith('the client broke'))
    await breakOff(port, how)
    await eventually(() => lines().some(({ msg }) => /client|unavailable/.test(msg)))
    t.strictSame(
      brokenOff().map(({ ip, path, level }) => ({ ip, path, level })),
      [{ ip: '127.0.0.1', path: '/api/v1/auth/login', level: 30 }],
    )
    t.strictSame(
      lines().filter(({ level }) => level >= 40),
      [],
    )
  })
