/** A stranger's program: knows the service only through the client that was generated from its contract. */
import type { RequestConfig } from './client/.kubb/fetch.ts'
import type { GetMe401 } from './client/index.ts'
import {
  changeMyPassword,
  getMe,
  listMyActivity,
  listMySessions,
  login,
  logout,
  refreshSession,
  register,
} from './client/index.ts'

/** Its own `fetch` names no media type and takes refusals for answers; `client` is where another may stand. */
async function send<T, E, B>({ baseURL, url, method, params, data, headers }: RequestConfig<B>) {
  const query = new URLSearchParams(params as Record<string, string>)
  const answer = await globalThis.fetch(`${baseURL}${url}?${query}`, {
    method: method ?? 'GET',
    headers: { ...(data ? { 'content-type': 'application/json' } : {}), ...Object.fromEntries(new Headers(headers)) },
    body: data ? JSON.stringify(data) : null,
  })
  const body: unknown = answer.status === 204 ? undefined : await answer.json()
  if (!answer.ok) throw body as E
  return { data: body as T, status: answer.status, statusText: answer.statusText, headers: answer.headers }
}

function client(baseURL: string, token = '') {
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
  return { client: send, baseURL, headers }
}

/** Asks who one is and returns the code of the refusal, which every error of the service has. */
async function refused(url: string, token: string): Promise<string> {
  // docs: begin
  try {
    await getMe(client(url, token))
  } catch (error) {
    const problem = error as GetMe401
    return `${problem.status} ${problem.code}`
  }
  // docs: end
  throw new Error('a token of an ended session was taken')
}

const [url = '', later = '', username = ''] = process.argv.slice(2)
const email = `${username}@example.org`
const password = 'correct horse battery staple'
// docs: begin
const nobody = client(url)
await register({ username, email, password }, {}, nobody)
const tokens = await login({ identifier: username, password }, {}, nobody)
const me = await getMe(client(url, tokens.access_token))
const { refresh_token } = tokens
const next = await refreshSession({ refresh_token }, nobody)
// docs: end
console.log('me', me.username)
const signedIn = client(url, next.access_token)
console.log('sessions', (await listMySessions({}, signedIn)).items.length)
await changeMyPassword({ current_password: password, new_password: 'a quite different phrase' }, signedIn)
console.log('sessions', (await listMySessions({}, signedIn)).items.length)
console.log('action', (await listMyActivity({ limit: 1 }, client(later, next.access_token))).items[0]?.action)
await logout({ refresh_token: next.refresh_token }, nobody)
console.log('refused', await refused(url, next.access_token))
console.log('refused', await refused(later, next.access_token))
