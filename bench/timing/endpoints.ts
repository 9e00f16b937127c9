/** What strangers can ask about a name or an address: each has to take as long whether or not anybody has it. */

export interface Endpoint {
  path: string
  /** the body for a name; whoever has it has the address `NAME@example.org` too */
  body: (name: string) => object
  /** the one status to expect, or the sample is no sample */
  status: number
}

const email = (name: string) => ({ email: `${name}@example.org` })
const PASSWORD = 'no password of anybody 77'

export const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  login: {
    path: '/api/v1/auth/login',
    body: (name) => ({ identifier: name, password: PASSWORD }),
    status: 401,
  },
  forgot: { path: '/api/v1/auth/password/forgot', body: email, status: 202 },
  link: { path: '/api/v1/auth/sign-in/link', body: email, status: 202 },
  code: { path: '/api/v1/auth/sign-in/code', body: email, status: 202 },
  'code-tried': {
    path: '/api/v1/auth/sign-in/code/verify',
    body: (name) => ({ ...email(name), code: '000000' }),
    status: 401,
  },
  'verify-first': {
    path: '/api/v1/auth/register',
    body: (name) => ({ username: `new.${name}`, ...email(name), password: PASSWORD }),
    status: 202,
  },
}
