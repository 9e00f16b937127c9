/** A service that is asked while something is wrong with what it stands on, and held to what it acknowledged. */
import type { Test } from 'tap'
import { bearer, type Tokens } from './app.ts'
import type { Service } from './service.ts'

export interface Reply<T = Record<string, unknown>> {
  status: number
  body: T
  retryAfter: string | null
  /** how long it took, in ms */
  ms: number
}

const password = 'a long password'

/** Asks, and fails the test for an answer that no client could do anything with. */
export async function ask<T = Record<string, unknown>>(
  t: Test,
  url: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Reply<T>> {
  const start = performance.now()
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const { status } = response
  const retryAfter = response.headers.get('retry-after')
  if (status >= 500 && (status !== 503 || !(Number(retryAfter) > 0) || !/"(unavailable|overloaded)"/.test(text)))
    t.fail(`${url}: ${status}, Retry-After ${retryAfter}, ${text}`)
  return { status, body: (text ? JSON.parse(text) : {}) as T, retryAfter, ms: performance.now() - start }
}

/** People who were told that they have an account, and the newest token that each was told. */
export function acknowledgements(t: Test) {
  const members = new Map<string, Tokens>()
  let count = 0
  return {
    members,
    /** Registers somebody; the status that this had. */
    async register({ api }: Service): Promise<number> {
      count += 1
      const username = `member.${count}`
      const person = { username, email: `${username}@example.org`, password }
      const { status, body } = await ask<Tokens>(t, `${api}/auth/register`, person)
      if (status === 201) members.set(username, body)
      return status
    },
    /** Exchanges everybody's newest token; the statuses that this had. */
    async refresh({ api }: Service): Promise<number[]> {
      return Promise.all(
        [...members].map(async ([username, { refresh_token }]) => {
          const { status, body } = await ask<Tokens>(t, `${api}/auth/refresh`, { refresh_token })
          if (status === 200) members.set(username, body)
          return status
        }),
      )
    },
    /** Fails unless everybody can sign in, is known by their access token, and goes on with their newest token. */
    async check(service: Service, what: string): Promise<void> {
      const { api } = service
      for (const [username, { access_token }] of members) {
        const { status } = await ask(t, `${api}/auth/login`, { identifier: username, password })
        const me = await ask(t, `${api}/users/me`, undefined, bearer(access_token))
        if (status !== 200 || me.status !== 200) t.fail(`${what}: ${username}: ${status} and ${me.status}`)
      }
      t.ok(
        (await this.refresh(service)).every((status) => status === 200),
        `${what}: nothing acknowledged is lost`,
      )
    },
  }
}

/** The parts of the API that need no database. */
export const live = (t: Test, { api }: Service) => ask(t, api.replace('/api/v1', '/health/live'))
