/** The service as a process of its own, on a real port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { Environment } from './app.ts'
import { freePort } from './ports.ts'
import { eventually } from './wait.ts'

const SERVER = fileURLToPath(new URL('../../src/server.ts', import.meta.url))

export interface Service {
  /** up to and including `/api/v1` */
  api: string
  child: ChildProcess
  /** what it has written so far */
  output(): string
  /** Ends the process with a signal and resolves when it is gone. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** Starts the service and waits until it is ready. It is killed with the test at the latest. */
export async function startService(t: Test, environment: Environment): Promise<Service> {
  const port = await freePort()
  let output = ''
  const child = spawn(process.execPath, [SERVER], {
    env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'warn', ...environment, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await gone
  }
  t.teardown(() => end('SIGKILL'))
  const base = `http://127.0.0.1:${port}`
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}: ${output}`)
    return fetch(`${base}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  })
  return { api: `${base}/api/v1`, child, output: () => output, end }
}

/** Sends JSON and returns the status and the JSON that came back. */
export async function call<T = Record<string, unknown>>(
  url: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: T }> {
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: (text ? JSON.parse(text) : {}) as T }
}
