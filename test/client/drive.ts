/** A stranger's program: knows the service only through the client that was generated from its contract. */
import createClient from 'openapi-fetch'
import type { components, paths } from './generated/openapi.d.ts'

type Code = components['schemas']['Problem']['code']

const client = createClient<paths>({ baseUrl: process.argv[2] ?? '' })
const asBearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Prints what a step met. The clients' answers are unions, so data without a status check would not compile. */
function report<T>(step: string, { data, error, response }: { data?: T; error?: { code: Code }; response: Response }) {
  console.log([step, response.status, ...(error ? [error.code] : [])].join(' '))
  return data
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the step before went wrong')
  return value
}

const username = `driver.${process.pid}`
const person = { username, email: `${username}@example.org`, password: 'driven by a generated client' }

// @ts-expect-error a registration without a password is none
report('no password', await client.POST('/api/v1/auth/register', { body: { username, email: person.email } }))

report('register', await client.POST('/api/v1/auth/register', { body: person }))
const credentials = { identifier: username, password: person.password }
const pair = required(report('login', await client.POST('/api/v1/auth/login', { body: credentials })))

const me = await client.GET('/api/v1/users/me', { headers: asBearer(pair.access_token) })
const user = required(report('me', me))
if (user.username !== username || user.roles[0] !== 'user') throw new Error('somebody else answered')

const { refresh_token } = pair
const next = required(report('refresh', await client.POST('/api/v1/auth/refresh', { body: { refresh_token } })))
report('logout', await client.POST('/api/v1/auth/logout', { body: { refresh_token: next.refresh_token } }))
report('me', await client.GET('/api/v1/users/me', { headers: asBearer(next.access_token) }))

const later = createClient<paths>({ baseUrl: process.argv[3] ?? '', headers: asBearer(next.access_token) })
report('me at a later edition', await later.GET('/api/v1/users/me'))
