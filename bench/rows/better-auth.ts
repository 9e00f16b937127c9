/** The same questions to better-auth. */
import { scratchFolder } from '../data/places.ts'
import { PASSWORD } from '../data/population.ts'
import type { Request } from '../load/closed.ts'
import { compareLoads } from '../load/compare.ts'
import type { Row } from '../measure.ts'
import { SETTINGS, startLatchkey } from '../servers/latchkey.ts'
import { startPeer } from '../servers/peer.ts'
import type { RunningServer } from '../servers/start.ts'
import { HASH, LOGIN_CONNECTIONS } from './login.ts'

const CONNECTIONS = 32
const PEER = 'better-auth on an SQLite file through better-sqlite3, rate limits off, defaults otherwise, no request log'

const EMAIL = 'ada@example.org'

/** Who is it, by token or by cookie. */
export const meBetterAuth: Row = {
  name: 'me-better-auth',
  group: 'requests',
  ours: 'authenticated GET /users/me',
  theirs: 'better-auth, GET /get-session',
  unit: 'requests/s',
  setting: `${SETTINGS}, one token; ${PEER}; ${CONNECTIONS} connections`,
  limits:
    'better-auth reads session and account from the database for each request, as it does by default; with its cookie cache, which the row does not use, it would be faster, and a revoked session would live on for minutes.',
  target: { of: 'ratio', least: 30 },

  async run(effort) {
    using scratch = scratchFolder()
    await using latchkey = await startLatchkey()
    await using peer = await startPeer('better-auth', scratch.path)
    const cookie = await signUp(peer)
    return await compareLoads(effort, CONNECTIONS, {
      ours: { pid: latchkey.pid, request: latchkey.requests.me },
      theirs: { pid: peer.pid, request: { url: `${peer.url}/api/auth/get-session`, headers: { cookie } } },
    })
  },
}

/** Signing in by password. */
export const loginBetterAuth: Row = {
  name: 'login-better-auth',
  group: 'passwords',
  ours: 'POST /auth/login',
  theirs: 'better-auth, POST /sign-in/email',
  unit: 'logins/s',
  setting: `${SETTINGS}; ${HASH}; ${PEER}, which hashes by scrypt; ${LOGIN_CONNECTIONS} connections`,
  limits: 'Two hashes of unlike cost to an attacker, each as its service has it by default.',

  async run(effort) {
    using scratch = scratchFolder()
    await using latchkey = await startLatchkey()
    await using peer = await startPeer('better-auth', scratch.path)
    await signUp(peer)
    const theirs = post(peer, 'sign-in/email', { email: EMAIL, password: PASSWORD })
    return await compareLoads(effort, LOGIN_CONNECTIONS, {
      ours: { pid: latchkey.pid, request: latchkey.requests.login },
      theirs: { pid: peer.pid, request: theirs },
    })
  },
}

function post(peer: RunningServer, path: string, body: object): Request {
  // without an origin it takes a program for a forged page
  const headers = { 'content-type': 'application/json', origin: 'http://127.0.0.1' }
  return { url: `${peer.url}/api/auth/${path}`, method: 'POST', headers, body: JSON.stringify(body) }
}

/** @returns the cookie of the session */
async function signUp(peer: RunningServer): Promise<string> {
  const { url, ...init } = post(peer, 'sign-up/email', { name: 'Ada', email: EMAIL, password: PASSWORD })
  const response = await fetch(url, { ...init, headers: { ...init.headers } } as RequestInit)
  if (!response.ok) throw new Error(`better-auth answered the registration ${response.status}`)
  const cookie = response.headers.getSetCookie().map((set) => set.split(';', 1)[0])
  const seen = await fetch(`${peer.url}/api/auth/get-session`, { headers: { cookie: cookie.join('; ') } })
  // without a session it answers 200 and null, which would be fast
  if (!(await seen.text()).includes(EMAIL)) throw new Error('better-auth did not recognise its session')
  return cookie.join('; ')
}
