/** `POST /auth/login` belongs to two dialects; the body says to which, and the answers are never merged. */
import t, { type Test } from 'tap'
import { registerSomebody } from '../../support/app.ts'
import { isAnswer, openDoor } from '../../support/door.ts'

const TEMPLATE = [401, { status: 'failed', message: 'Email / Password missing' }] as [number, object]
const INCOMPLETE = [400, { message: 'Missing identifier or password' }] as [number, object]
const NO_INPUT = [400, { message: 'No input data provided' }] as [number, object]

async function start(t: Test, COMPAT?: string) {
  const { app, ask } = await openDoor(t, COMPAT ? { COMPAT } : {})
  const { username, email, password } = await registerSomebody(app)
  return { username, email, password, logIn: (body?: unknown) => ask('POST', '/auth/login', body), ask }
}

t.test('a body with email is python-jwt-template’s, one with identifier is flask-auth’s', async (t) => {
  const { username, email, password, logIn } = await start(t)
  t.strictSame(Object.keys((await logIn({ email, password })).body), ['status', 'message', 'jwt_token'])
  t.strictSame(Object.keys((await logIn({ identifier: username, password })).body), ['access_token'])
  t.strictSame(Object.keys((await logIn({ identifier: username, email, password })).body).length, 3, 'email decides')
  t.strictSame(Object.keys((await logIn({ identifier: email, password, name: 'x' })).body), ['access_token'])
  isAnswer(t, await logIn({ email }), TEMPLATE)
  isAnswer(t, await logIn({ email: 5, identifier: username, password }), TEMPLATE)
  isAnswer(t, await logIn({ identifier: username }), INCOMPLETE)
})

t.test('a body with neither is flask-auth’s, unless it has only members of the other', async (t) => {
  const { password, logIn } = await start(t)
  isAnswer(t, await logIn({ password }), TEMPLATE)
  isAnswer(t, await logIn({ name: 'Ada', password }), TEMPLATE)
  isAnswer(t, await logIn({ username: 'ada', password }), INCOMPLETE)
  isAnswer(t, await logIn({ constructor: 1 }), INCOMPLETE)
  for (const nothing of [undefined, '{}', 'null', '[]', '[{"email":"x"}]', '5', '{'])
    isAnswer(t, await logIn(nothing), NO_INPUT, nothing ?? 'no body')
})

t.test('where only one of the two is on, its answers are given to all', async (t) => {
  const template = await start(t, 'python-jwt-template')
  for (const body of [undefined, '{}', '{', 'null', '{"identifier":"ada","password":"x"}'])
    isAnswer(t, await template.logIn(body), TEMPLATE, body ?? 'no body')
  t.equal((await template.logIn({ email: template.email, password: template.password })).status, 200)
  t.equal((await template.ask('POST', '/auth/register', {})).status, 404)
  const flask = await start(t, 'flask-auth')
  isAnswer(t, await flask.logIn({ password: 'x' }), INCOMPLETE)
  isAnswer(t, await flask.logIn({ email: flask.email, password: flask.password }), INCOMPLETE)
  t.equal((await flask.logIn({ identifier: flask.email, password: flask.password })).status, 200)
  t.equal((await flask.ask('GET', '/auth/ping')).status, 404)
})

t.test('COMPAT=none leaves nothing of them, in the service and in its contract', async (t) => {
  const { ask } = await start(t, 'none')
  for (const [method, path] of [
    ['POST', '/auth/login'],
    ['GET', '/auth/ping'],
    ['GET', '/auth/protected'],
    ['POST', '/user'],
  ] as const)
    t.match(await ask(method, path), { status: 404, body: { code: 'not_found' } })
  for (const path of ['/openapi-compat.yaml', '/openapi-compat.json', '/docs/compat', '/docs/compat/start.js'])
    t.match(await ask('GET', path), { status: 404, body: { code: 'not_found' } }, path)
  const { body } = await ask('GET', '/openapi.json')
  t.strictSame(
    Object.keys(body.paths).filter((path) => /^\/(auth|user|logout|validate|authenticate)/.test(path)),
    [],
  )
  t.notMatch(JSON.stringify(body), /flask|python|compat/i)
})

t.test('the contract of these calls has the dialects that COMPAT names, and nothing else', async (t) => {
  const { ask } = await start(t, 'flask-auth')
  const { body } = await ask('GET', '/openapi-compat.json')
  t.strictSame(Object.keys(body.paths).sort(), ['/auth/login', '/auth/protected', '/auth/register'])
  t.strictSame(
    body.tags.map(({ name }: { name: string }) => name),
    ['flask-auth'],
  )
  t.strictSame(Object.keys(body.components.securitySchemes), ['bearer'])
  t.notMatch(JSON.stringify(body.components), /FlaskJwtDemo|PythonJwtTemplate|Compat/)
})
