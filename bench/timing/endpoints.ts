/** What strangers can ask about a name or an address: each has to take as long whether or not anybody has it. */

export interface Endpoint {
  path: string
  /** the body for a name; whoever has it has the address `NAME@example.org` too */
  body: (name: string) => object
  /** the one status to expect, or the sample is no sample */
  status: number
  /** what is stored for who has an account; a hash of ours with the parameters in force by default */
  stored?: 'outdated' | 'pbkdf2' | 'bcrypt'
}

const email = (name: string) => ({ email: `${name}@example.org` })
const PASSWORD = 'no password of anybody 77'

const login = {
  path: '/api/v1/auth/login',
  body: (name: string) => ({ identifier: name, password: PASSWORD }),
  status: 401,
}

export const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  login,
  'login-outdated': { ...login, stored: 'outdated' },
  'login-pbkdf2': { ...login, stored: 'pbkdf2' },
  'login-bcrypt': { ...login, stored: 'bcrypt' },
  /** more than any password has */
  'login-long': { ...login, body: (name) => ({ identifier: name, password: 'x'.repeat(257) }), status: 400 },
  /** the most that a password has, and in a form that is not its normal one */
  'login-longest': {
    ...login,
    body: (name) => ({ identifier: name, password: 'e\u0301'.repeat(128) }),
    stored: 'bcrypt',
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
