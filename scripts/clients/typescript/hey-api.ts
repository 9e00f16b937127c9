/** A stranger's program: knows the service only through the client that was generated from its contract. */
import { createClient } from './client/client/index.ts'
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

const client = (baseUrl: string, auth = '') => createClient({ baseUrl, auth })

/** Asks who one is and returns the code of the refusal, which every error of the service has. */
async function refused(url: string, token: string): Promise<string> {
  // docs: begin
  const { error } = await getMe({ client: client(url, token) })
  if (error) return `${error.status} ${error.code}`
  // docs: end
  throw new Error('a token of an ended session was taken')
}

const [url = '', later = '', username = ''] = process.argv.slice(2)
const email = `${username}@example.org`
const password = 'correct horse battery staple'
const throwOnError = true
// docs: begin
const nobody = { client: client(url), throwOnError } as const
await register({ ...nobody, body: { username, email, password } })
const { data: tokens } = await login({ ...nobody, body: { identifier: username, password } })
const { data: me } = await getMe({ client: client(url, tokens.access_token), throwOnError })
const { refresh_token } = tokens
const { data: next } = await refreshSession({ ...nobody, body: { refresh_token } })
// docs: end
console.log('me', me.username)
const signedIn = { client: client(url, next.access_token), throwOnError } as const
console.log('sessions', (await listMySessions(signedIn)).data.items.length)
const change = { current_password: password, new_password: 'a quite different phrase' }
await changeMyPassword({ ...signedIn, body: change })
console.log('sessions', (await listMySessions(signedIn)).data.items.length)
const byLater = { client: client(later, next.access_token), throwOnError } as const
console.log('action', (await listMyActivity({ ...byLater, query: { limit: 1 } })).data.items[0]?.action)
await logout({ ...nobody, body: { refresh_token: next.refresh_token } })
console.log('refused', await refused(url, next.access_token))
console.log('refused', await refused(later, next.access_token))
