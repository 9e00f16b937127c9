/** An address that stands for a server, as virtual addresses and proxies do: where it leads can be changed. */
import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'
import { freePort } from './ports.ts'

export interface Relay {
  port: number
  /** Leads elsewhere from now on; connections to where it led break. */
  leadTo(port: number): void
  /** Whether what is sent arrives nowhere, and nobody is told. */
  block(isBlocked: boolean): void
  /** How long each answer is on its way, in ms. */
  delay(ms: number): void
}

/** Listens on a port of its own, on loopback. */
export async function startRelay(t: Test, to: number): Promise<Relay> {
  let target = to
  let blocked = false
  let pause = 0
  const sockets = new Set<Socket>()
  const cut = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  const relay = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const [from, into] of [[near, far] as const, [far, near] as const]) {
      sockets.add(from)
      const pass = (chunk: Buffer) => into.writable && into.write(chunk)
      from.on('data', (chunk) => {
        if (blocked) return
        if (pause > 0 && from === far) setTimeout(pass, pause, chunk)
        else pass(chunk)
      })
      from.on('error', () => {})
      from.on('close', () => into.destroy())
    }
  })
  const port = await freePort()
  await new Promise<void>((resolve) => relay.listen(port, '127.0.0.1', resolve))
  t.teardown(() => {
    cut()
    relay.close()
  })
  return {
    port,
    leadTo(next) {
      target = next
      cut()
    },
    block(isBlocked) {
      blocked = isBlocked
      // what was lost meanwhile would be sent again by TCP; here the connections are as good as dead
      if (!isBlocked) cut()
    },
    delay(ms) {
      pause = ms
    },
  }
}
