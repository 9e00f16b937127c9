/** A stranger's program: knows the service only through the client that was generated from its contract. */
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

const [url = '', later = '', username = ''] = process.argv.slice(2)

// its addresses are relative, as those of a page's own host
let base = url
const { fetch } = globalThis
globalThis.fetch = (path, options) => fetch(`${base}${path}`, options)

const asBearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

/** Asks who one is and returns the code of the refusal, which every error of the service has. */
async function refused(token: string): Promise<string> {
  // docs: begin
  const answer = await getMe(asBearer(token))
  if (answer.status !== 200) return `${answer.data.status} ${answer.data.code}`
  // docs: end
  throw new Error('a token of an ended session was taken')
}

const email = `${username}@example.org`
const password = 'correct horse battery staple'
// docs: begin
await register({ username, email, password })
const tokens = await login({ identifier: username, password })
if (tokens.status !== 200) throw new Error(tokens.data.code)
const me = await getMe(asBearer(tokens.data.access_token))
const { refresh_token } = tokens.data
const next = await refreshSession({ refresh_token })
if (me.status !== 200 || next.status !== 200) throw new Error('refused')
// docs: end
console.log('me', me.data.username)
const signedIn = asBearer(next.data.access_token)

async function countSessions(): Promise<number> {
  const sessions = await listMySessions({}, signedIn)
  if (sessions.status !== 200) throw new Error(sessions.data.code)
  return sessions.data.items.length
}

console.log('sessions', await countSessions())
const changed = await changeMyPassword(
  { current_password: password, new_password: 'a quite different phrase' },
  signedIn,
)
if (changed.status !== 204) throw new Error(changed.data.code)
console.log('sessions', await countSessions())
base = later
const activity = await listMyActivity({ limit: 1 }, signedIn)
if (activity.status !== 200) throw new Error(activity.data.code)
console.log('action', activity.data.items[0]?.action)
base = url
const ended = await logout({ refresh_token: next.data.refresh_token })
if (ended.status !== 200) throw new Error(ended.data.code)
console.log('refused', await refused(next.data.access_token))
base = later
console.log('refused', await refused(next.data.access_token))
