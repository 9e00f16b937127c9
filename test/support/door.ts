/** The service on a real port, asked over HTTP; every answer is held against the contract. */
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { type Environment, startApp, type TestApp } from './app.ts'
import { violation } from './contract.ts'

export interface Answered {
  status: number
  headers: Headers
  /** the JSON that came back */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  body: any
}

export type Ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answered>

export interface Door {
  app: TestApp
  ask: Ask
}

/** Starts the service and lets it listen. A body that is text goes out as it is, anything else as JSON. */
export async function openDoor(t: Test, environment: Environment = {}): Promise<Door> {
  const app = await startApp(t, environment)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const ask: Ask = async (method, path, body, headers = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const { status } = response
    const broken = violation({ method, path, status, headers: Object.fromEntries(response.headers), body: text })
    if (broken && JSON.stringify(environment).indexOf('COMPAT') < 0) t.fail(broken)
    return { status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
  }
  return { app, ask }
}

/** Fails unless the answer is exactly this status and this body. */
export function isAnswer(
  t: Test,
  { status, body }: Answered,
  expected: [status: number, body: unknown],
  what = 'the answer',
) {
  t.strictSame([status, body], expected, what)
}
