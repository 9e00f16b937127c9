/** A stranger's program: knows the service only through the client that was generated from its contract. */
import createClient from 'openapi-fetch'
import type { components, paths } from './client/index.d.ts'

type Problem = components['schemas']['Problem']

const client = (baseUrl: string, token = '') =>
  createClient<paths>({ baseUrl, headers: token ? { authorization: `Bearer ${token}` } : {} })

function must<T>({ data, error }: { data?: T; error?: Problem }): T {
  if (data === undefined) throw new Error(error?.code)
  return data
}

/** Asks who one is and returns the code of the refusal, which every error of the service has. */
async function refused(url: string, token: string): Promise<string> {
  // docs: begin
  const { error } = await client(url, token).GET('/api/v1/users/me')
  if (error) return `${error.status} ${error.code}`
  // docs: end
  throw new Error('a token of an ended session was taken')
}

const [url = '', later = '', username = ''] = process.argv.slice(2)
const email = `${username}@example.org`
const password = 'correct horse battery staple'
// docs: begin
const api = client(url)
must(await api.POST('/api/v1/auth/register', { body: { username, email, password } }))
const tokens = must(await api.POST('/api/v1/auth/login', { body: { identifier: username, password } }))
const me = must(await client(url, tokens.access_token).GET('/api/v1/users/me'))
const { refresh_token } = tokens
const next = must(await api.POST('/api/v1/auth/refresh', { body: { refresh_token } }))
// docs: end
console.log('me', me.username)
const signedIn = client(url, next.access_token)
console.log('sessions', must(await signedIn.GET('/api/v1/users/me/sessions')).items.length)
const change = { current_password: password, new_password: 'a quite different phrase' }
const { error } = await signedIn.POST('/api/v1/users/me/password', { body: change })
if (error) throw new Error(error.code)
console.log('sessions', must(await signedIn.GET('/api/v1/users/me/sessions')).items.length)
const query = { limit: 1 }
const activity = must(await client(later, next.access_token).GET('/api/v1/users/me/activity', { params: { query } }))
console.log('action', activity.items[0]?.action)
must(await api.POST('/api/v1/auth/logout', { body: { refresh_token: next.refresh_token } }))
console.log('refused', await refused(url, next.access_token))
console.log('refused', await refused(later, next.access_token))
