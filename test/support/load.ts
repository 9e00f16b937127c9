/** Clients that count every request that fails, and try none again. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import type { Test } from 'tap'
import { bearer, somebody, type Tokens } from './app.ts'
import { eventually } from './wait.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
  /** what the ids of one process's requests begin with */
  process: string
}

export interface Connection {
  /** Rejects when the connection ends without an answer. */
  ask(path: string, body?: object, headers?: Record<string, string>): Promise<Answer>
  close(): void
}

/** A client with one connection at a time, which it keeps as long as the other side does; or never. */
export function openConnection(t: Test, base: string, keepAlive = true): Connection {
  const agent = new Agent({ keepAlive, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  return {
    ask: (path, body, headers = {}) => ask(agent, base + path, body, headers),
    close: () => agent.destroy(),
  }
}

function ask(agent: Agent, url: string, body: object | undefined, headers: Record<string, string>): Promise<Answer> {
  const content = body && JSON.stringify(body)
  const length = content === undefined ? {} : { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { agent, method: body ? 'POST' : 'GET', headers: { ...length, ...headers } },
      (answer) => {
        let text = ''
        answer.on('data', (chunk) => (text += chunk))
        answer.once('error', reject)
        answer.once('end', () => {
          const { statusCode: status = 0, headers } = answer
          resolve({ status, headers, body: text, process: String(headers['x-request-id']).split('.', 1)[0] ?? '' })
        })
      },
    )
    // longer than anything here takes: a request that is never answered has failed too
    sent.setTimeout(30_000, () => sent.destroy(new Error('no answer')))
    sent.once('error', reject)
    sent.end(content)
  })
}

/** A connection to each of the processes behind one port, once all of them serve. */
export async function connectionToEach(t: Test, base: string, processes: number): Promise<Connection[]> {
  const found = new Map<string, Connection>()
  await eventually(async () => {
    const connection = openConnection(t, base)
    const { process } = await connection.ask('/health/live')
    if (found.has(process)) connection.close()
    else found.set(process, connection)
    return found.size === processes
  }, 60_000)
  return [...found.values()]
}

export interface Load {
  answered: () => number
  /** Ends it; what went wrong, one line a request. */
  stop(): Promise<string[]>
}

/** The clients: how many, whether they keep their connection, and how long each thinks between two requests, in ms. */
const CLIENTS = [
  { count: 8, keepAlive: true, pause: () => 5 },
  { count: 8, keepAlive: true, pause: () => Math.random() * 1500 },
  { count: 4, keepAlive: false, pause: () => 5 },
]

/** Signs somebody in for each client, and lets all of them ask and refresh until they are stopped. */
export async function startLoad(t: Test, base: string): Promise<Load> {
  const failures: string[] = []
  let answered = 0
  let stopped = false

  async function run(client: Connection, tokens: Tokens, pause: () => number): Promise<void> {
    let { access_token, refresh_token } = tokens
    for (let round = 0; !stopped; round += 1) {
      const refreshes = round % 4 === 3
      try {
        const answer = refreshes
          ? await client.ask('/api/v1/auth/refresh', { refresh_token })
          : await client.ask('/api/v1/users/me', undefined, bearer(access_token))
        if (answer.status !== 200) failures.push(`${answer.status}: ${answer.body}`)
        else if (refreshes) ({ access_token, refresh_token } = JSON.parse(answer.body))
        answered += 1
      } catch (error) {
        failures.push(String(error))
      }
      await after(pause())
    }
    client.close()
  }

  const running: Promise<void>[] = []
  for (const { count, keepAlive, pause } of CLIENTS) {
    for (let index = 0; index < count; index += 1) {
      const client = openConnection(t, base, keepAlive)
      const { body } = await client.ask('/api/v1/auth/register', somebody())
      running.push(run(client, JSON.parse(body), pause))
    }
  }
  t.teardown(() => {
    stopped = true
  })
  return {
    answered: () => answered,
    async stop() {
      stopped = true
      await Promise.all(running)
      return failures
    },
  }
}
