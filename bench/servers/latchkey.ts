/** Latchkey as it is deployed, with one account in it. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { startServer } from './start.ts'

export const PERSON = { identifier: 'ada.lovelace', password: 'correct horse battery staple' }

/** The settings that differ from the defaults. */
export const SETTINGS = 'NODE_ENV=production, RATE_LIMIT=off, SQLite file, embedded store'

/** Starts the service on a fresh database and registers a person. */
export async function startLatchkey(env: Record<string, string> = {}) {
  // in the project rather than in a temporary folder, which may be memory and would commit for nothing
  mkdirSync('data', { recursive: true })
  const folder = resolve(mkdtempSync('data/bench-'))
  const server = await startServer(
    '../../src/server.ts',
    { PORT: '0', RATE_LIMIT: 'off', JWT_KEY: randomBytes(32).toString('base64'), ...env },
    folder,
  )
  return {
    api: `${server.url}/api/v1`,
    accessToken: await register(`${server.url}/api/v1`),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

/** @returns an access token */
async function register(api: string): Promise<string> {
  const response = await fetch(`${api}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: PERSON.identifier, email: 'ada@example.org', password: PERSON.password }),
  })
  if (response.status !== 201) throw new Error(`registration was answered ${response.status}`)
  const { access_token } = (await response.json()) as { access_token: string }
  return access_token
}
