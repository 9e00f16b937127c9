/**
 * What a run of the collection sends, where the contract's own examples will not do: one entry for each operation, in
 * the order of the run. An operation without an entry sends the contract's examples, after the others of its tag.
 *
 * `{{name}}` is a variable of the collection. `{{fresh}}` is a new name for every request, so that a second run finds
 * nothing taken. Whatever ends an account or a session works on a guest's, or on one that the run made before.
 */

export interface Run {
  /**
   * Who asks. `guest`: an account made for this request alone, with `{{guest_access_token}}` and
   * `{{guest_refresh_token}}`. `admin`: `{{admin_username}}`, whose requests are skipped without `{{admin_password}}`.
   * Otherwise whoever `token` names.
   */
  as?: 'guest' | 'admin'
  /** the variable with the bearer token, where the operation needs one; by default the account that the run registered */
  token?: string
  body?: Record<string, unknown>
  path?: Record<string, string>
  /** what is not named here is in the collection, switched off */
  query?: Record<string, string>
  /** the success to expect; by default the lowest 2xx of the contract */
  status?: number
  /** variables to keep, each as an expression over `answer`, the JSON that came back */
  keep?: Record<string, string>
  /** JavaScript to run before the request */
  before?: readonly string[]
  /** caches may keep the answer; all others have to say `Cache-Control: no-store` */
  cacheable?: true
}

const UNKNOWN_TOKEN = 'a-token-that-no-message-has-brought-to-anybody'

const PERSON = { username: '{{fresh}}', email: '{{fresh}}@example.org', password: '{{password}}' }

const TOKENS = { access_token: 'answer.access_token', refresh_token: 'answer.refresh_token' }

/** A second session of the account of `flask-jwt-demo`, since the first is still needed. */
const ANOTHER_DEMO_TOKEN = [
  'pm.sendRequest(',
  '  {',
  "    url: pm.variables.replaceIn('{{baseUrl}}/authenticate_user'),",
  "    method: 'POST',",
  "    header: { 'Content-Type': 'application/json' },",
  '    body: { mode: \'raw\', raw: pm.variables.replaceIn(\'{"username":"{{demo_username}}","password":"a quite different phrase"}\') },',
  '  },',
  "  (error, response) => pm.variables.set('demo_other_token', response.json().token),",
  ')',
]

export const RUNS: Readonly<Record<string, Run>> = {
  getHealth: {},
  getLiveness: {},
  getReadiness: {},
  getJwks: { cacheable: true },

  register: { body: { ...PERSON, name: 'Ada Lovelace' }, keep: { username: "pm.variables.get('fresh')", ...TOKENS } },
  login: { body: { identifier: '{{username}}', password: '{{password}}' }, keep: TOKENS },
  refreshSession: { body: { refresh_token: '{{refresh_token}}' }, keep: TOKENS },
  logout: { as: 'guest', body: { refresh_token: '{{guest_refresh_token}}' } },
  logoutAll: { as: 'guest' },
  // without a message
  endReportedSession: { body: { token: 'a-token-that-no-message-has-brought-to-anybody' }, status: 400 },
  unlockAccount: { body: { token: 'a-token-that-no-message-has-brought-to-anybody' }, status: 400 },

  estimatePasswordStrength: {},

  getMe: {},
  updateMe: { body: { name: 'Ada King' } },
  changeMyPassword: {
    as: 'guest',
    body: { current_password: '{{password}}', new_password: 'a quite different phrase' },
  },
  listMySessions: { keep: { session_id: 'answer.items.find(({ current }) => !current)?.id' } },
  reauthenticate: { body: { password: '{{password}}' }, keep: TOKENS },
  endMySession: { path: { session_id: '{{session_id}}' } },
  deleteMe: { as: 'guest' },

  verifyRequest: {},

  // what takes a token out of a message is asked with one that is none
  verifyEmail: { body: { token: UNKNOWN_TOKEN }, status: 400 },
  requestEmailVerification: { body: { email: '{{fresh}}@example.org' } },
  resendEmailVerification: {},
  confirmEmailChange: { body: { token: UNKNOWN_TOKEN }, status: 400 },
  undoEmailChange: { body: { token: UNKNOWN_TOKEN }, status: 400 },
  requestPasswordReset: { body: { email: '{{fresh}}@example.org' } },
  resetPassword: { body: { token: UNKNOWN_TOKEN, new_password: 'a quite different phrase' }, status: 400 },
  acceptInvitation: {
    body: { token: UNKNOWN_TOKEN, username: '{{fresh}}', password: '{{password}}' },
    status: 400,
  },
  // off unless the service is configured otherwise
  requestSignInLink: { body: { email: '{{fresh}}@example.org' }, status: 404 },
  signInWithLink: { body: { token: UNKNOWN_TOKEN }, status: 404 },
  requestSignInCode: { body: { email: '{{fresh}}@example.org' }, status: 404 },
  signInWithCode: { body: { email: '{{fresh}}@example.org', code: '000000' }, status: 404 },

  listAuditEvents: { as: 'admin' },
  exportAuditEvents: { as: 'admin' },
  createUser: { as: 'admin', body: { ...PERSON, roles: ['user'] }, keep: { user_id: 'answer.id' } },
  inviteUser: { as: 'admin', body: { email: '{{fresh}}@example.org', roles: ['user'] } },
  listUsers: { as: 'admin', query: { limit: '20', role: 'user' } },
  getUser: { as: 'admin', path: { user_id: '{{user_id}}' } },
  updateUser: { as: 'admin', path: { user_id: '{{user_id}}' }, body: { name: 'Grace Hopper', disabled: true } },
  unlockUser: { as: 'admin', path: { user_id: '{{user_id}}' } },
  endUserSessions: { as: 'admin', path: { user_id: '{{user_id}}' } },
  deleteUser: { as: 'admin', path: { user_id: '{{user_id}}' } },

  flaskJwtDemoCreateUser: {
    body: { username: '{{fresh}}', password: '{{password}}' },
    keep: { demo_username: "pm.variables.get('fresh')" },
  },
  flaskJwtDemoAuthenticate: {
    body: { username: '{{demo_username}}', password: '{{password}}' },
    keep: { demo_token: 'answer.token' },
  },
  flaskJwtDemoValidateToken: { token: 'demo_token', body: {}, keep: { demo_token: 'answer.token' } },
  flaskJwtDemoGetUser: { token: 'demo_token', keep: { demo_token: 'answer.token' } },
  flaskJwtDemoUpdateUser: {
    token: 'demo_token',
    body: { password: 'a quite different phrase' },
    keep: { demo_token: 'answer.token' },
  },
  flaskJwtDemoLogout: { token: 'demo_other_token', body: {}, before: ANOTHER_DEMO_TOKEN },
  flaskJwtDemoDeleteUser: { token: 'demo_token' },

  pythonJwtTemplatePing: {},
  pythonJwtTemplateSignUp: {
    body: { email: '{{fresh}}@example.org', password: '{{password}}', name: 'Ada Lovelace' },
    keep: { jwt_token: 'answer.jwt_token' },
  },
  pythonJwtTemplateGetUser: { token: 'jwt_token' },
  pythonJwtTemplateLogout: { token: 'jwt_token' },

  flaskAuthRegister: { body: PERSON },
  compatLogin: { body: { identifier: '{{username}}', password: '{{password}}' } },
  flaskAuthProtected: {},
}
