/** What the API says of a request that does not fit: where, and in the contract's words, never more than it takes. */
import t from 'tap'
import { post, registerAdmin, somebody, startApp } from '../support/app.ts'

t.test('a member that is not known is named as JSON pointers are written, and shortened', async (t) => {
  const app = await startApp(t)
  const names = [
    ['a/b~c', '/a~1b~0c'],
    ['x'.repeat(300), `/${'x'.repeat(64)}`],
  ] as const
  for (const [name, pointer] of names) {
    const response = await post(app, '/auth/register', { ...somebody(), [name]: 1 })
    t.equal(response.statusCode, 400)
    t.strictSame(response.json().errors, [{ location: 'body', pointer, message: 'is not known here' }])
  }
})

t.test('each fault is told in the words of the contract', async (t) => {
  const app = await startApp(t)
  const { authorization } = await registerAdmin(app)
  const { username: _, ...nameless } = somebody()
  const bodies = [
    [nameless, '/username', 'is missing'],
    [{ ...somebody(), name: 'a\u0000b' }, '/name', 'must be well-formed text without control characters'],
    [{ ...somebody(), email: 'ada@-example' }, '/email', 'must be an e-mail address'],
    [{ ...somebody(), username: 'ada lovelace' }, '/username', 'must have only letters, digits and . _ -'],
    [{ ...somebody(), locale: 'en_GB!' }, '/locale', 'must be a language tag such as en or de-AT'],
    [{ ...somebody(), password: 12345678901234 }, '/password', 'must be string'],
  ] as const
  for (const [body, pointer, message] of bodies) {
    const response = await post(app, '/auth/register', body)
    t.equal(response.statusCode, 400)
    t.strictSame(response.json().errors, [{ location: 'body', pointer, message }])
  }
  const response = await app.inject({ url: '/api/v1/audit?outcome=lost', headers: authorization })
  t.match(response.json().errors[0], { location: 'query', pointer: '/outcome', message: /^must be one of .*failure/ })
})
