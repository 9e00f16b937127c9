/** The JavaScript that Postman runs before and after a request. */
import type { Expected } from './contract.ts'
import type { Run } from './runs.ts'

/** Before every request: a name that nobody has. */
export const FRESH_NAME = [
  '// a name that nobody has',
  "pm.variables.set('fresh', 'u' + Date.now().toString(36) + Math.random().toString(36).slice(2, 10))",
]

/** Asks the service for tokens, beside the request, and keeps them. */
function askForTokens(path: string, body: string, prefix: string): string[] {
  return [
    'pm.sendRequest(',
    '  {',
    `    url: pm.variables.replaceIn('{{baseUrl}}${path}'),`,
    "    method: 'POST',",
    "    header: { 'Content-Type': 'application/json' },",
    `    body: { mode: 'raw', raw: pm.variables.replaceIn('${body}') },`,
    '  },',
    '  (error, response) => {',
    '    if (error) throw error',
    `    if (response.code >= 300) throw new Error(\`POST ${path}: \${response.code} \${response.text()}\`)`,
    '    const tokens = response.json()',
    `    pm.variables.set('${prefix}_access_token', tokens.access_token)`,
    `    pm.variables.set('${prefix}_refresh_token', tokens.refresh_token)`,
    '  },',
    ')',
  ]
}

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`)

const GUEST = [
  '// an account for this request alone',
  ...askForTokens(
    '/api/v1/auth/register',
    '{"username":"guest-{{fresh}}","email":"guest-{{fresh}}@example.org","password":"{{password}}"}',
    'guest',
  ),
]

const ADMIN = [
  '// the command line makes the first admin, so its password has to be given',
  "if (!pm.variables.get('admin_password')) {",
  "  console.warn('skipped: it needs an admin; set admin_username and admin_password')",
  '  pm.execution.skipRequest()',
  "} else if (!pm.variables.get('admin_access_token')) {",
  ...indent(
    askForTokens('/api/v1/auth/login', '{"identifier":"{{admin_username}}","password":"{{admin_password}}"}', 'admin'),
  ),
  '}',
]

/** What runs before a request. */
export function before({ as, before: lines = [] }: Run): string[] {
  return [...(as === 'guest' ? GUEST : []), ...(as === 'admin' ? ADMIN : []), ...lines]
}

function check(sentence: string, expression: string): string {
  return `pm.test(${JSON.stringify(sentence)}, () => ${expression})`
}

/** What runs after a request: the contract's word on the answer, then what to keep of it. */
export function after(expected: Expected, { keep = {}, cacheable }: Run): string[] {
  const { status, type, headers } = expected
  // lines and other texts are no JSON to be held against a schema
  const schema = type !== undefined && /[/+]json$/.test(type) ? expected.schema : undefined
  const kept = Object.entries(keep)
  return [
    check(`answers ${status}`, `pm.response.to.have.status(${status})`),
    ...(type === undefined
      ? [check('has no body', "pm.expect(pm.response.text()).to.equal('')")]
      : [check(`is ${type}`, `pm.expect(pm.response.headers.get('Content-Type')).to.match(${toPattern(type)})`)]),
    ...(type !== undefined && !schema ? [check('has a body', "pm.expect(pm.response.text()).not.to.equal('')")] : []),
    ...headers.map((name) => check(`has ${name}`, `pm.response.to.have.header('${name}')`)),
    ...(cacheable ? [] : [check('is kept by no cache', "pm.response.to.have.header('Cache-Control', 'no-store')")]),
    ...(schema ? checkSchema(schema) : []),
    ...(kept.length > 0 ? ['const answer = pm.response.json()'] : []),
    ...kept.map(([name, expression]) => `pm.collectionVariables.set('${name}', ${expression})`),
  ]
}

function toPattern(type: string): string {
  return `/^${type.replace(/[/.+]/g, '\\$&')}(;|$)/`
}

function checkSchema(schema: object): string[] {
  const [first = '', ...rest] = JSON.stringify(schema, null, 2).split('\n')
  return [`const schema = ${first}`, ...rest, check('fits the contract', 'pm.response.to.have.jsonSchema(schema)')]
}
