/** A redis-server of this test process's own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './ports.ts'

export interface RedisServer {
  url: string
  port: number
  /** Ends it with SIGKILL. */
  stop(): Promise<void>
}

interface Where {
  /** what to put before the command, such as for another network */
  within?: readonly string[]
  /** the address it listens on; of loopback by default */
  address?: string
  /** a file of settings, which come before ours */
  file?: string
  /** more settings */
  options?: readonly string[]
}

/** Starts a server that keeps nothing on disk. */
export async function startRedis(
  port?: number,
  { within = [], address = '127.0.0.1', file, options = [] }: Where = {},
): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'latchkey-redis-'))
  const at = port ?? (await freePort())
  const settings = ['--port', String(at), '--bind', address, '--save', '', '--appendonly', 'no', '--dir', dir]
  const program = ['redis-server', ...(file === undefined ? [] : [file])]
  const [command = '', ...args] = [...within, ...program, ...settings, '--protected-mode', 'no', ...options]
  const child = spawn(command, args, { stdio: 'ignore' })
  // the test process may end while it runs; it is killed then
  child.unref()
  const stopAtExit = () => child.kill('SIGKILL')
  process.once('exit', stopAtExit)
  await answering(at, address, child)
  return {
    url: `redis://${address}:${at}`,
    port: at,
    async stop() {
      process.off('exit', stopAtExit)
      if (child.exitCode !== null || child.signalCode !== null) return
      child.ref()
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function answering(port: number, address: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`)
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address)
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    // somebody else's server on this port would answer too, and ours have given up
    if (open && child.exitCode === null) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('redis-server does not answer')
}
