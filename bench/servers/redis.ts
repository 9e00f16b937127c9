/** A Redis server of the bench's own, which keeps nothing. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { freePort } from './postgres.ts'

export const hasRedis = () => spawnSync('which', ['redis-server'], { stdio: 'ignore' }).status === 0

/** Starts it and waits until it takes connections. */
export async function startRedis(): Promise<AsyncDisposable & { url: string }> {
  const port = await freePort()
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', args, { stdio: 'ignore' })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  while (!(await isListening(port))) await after(20)
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      process.off('exit', killWithUs)
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    const answer = (connected: boolean) => () => {
      socket.destroy()
      resolve(connected)
    }
    socket.once('connect', answer(true)).once('error', answer(false))
  })
}
