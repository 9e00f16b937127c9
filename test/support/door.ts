/** The service on a real port, asked over HTTP; every answer is held against the contract. */
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { collectSecrets, type Environment, failIfLogged, startApp, type TestApp } from './app.ts'
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
  const secrets = new Set<string>()
  t.teardown(() => failIfLogged(t, app.logged(), secrets))
  const ask: Ask = async (method, path, body, headers = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const { status } = response
    const broken = violation({ method, path, status, headers: Object.fromEntries(response.headers), body: text })
    // the file is the contract of a service with every dialect
    if (broken && environment['COMPAT'] === undefined) t.fail(broken)
    const answered = text === '' ? undefined : JSON.parse(text)
    for (const each of [body, answered]) collectSecrets(each, secrets)
    return { status, headers: response.headers, body: answered }
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
