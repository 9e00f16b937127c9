import { createServer } from 'node:net'

/** Below the ports that the system gives to outgoing connections, so that none of those is in the way. */
const FIRST = 10_000
const COUNT = 20_000

let next = (process.pid * 101) % COUNT

/** A port that was free a moment ago, and that this process has not given out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    next = (next + 1) % COUNT
    const port = FIRST + next
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
