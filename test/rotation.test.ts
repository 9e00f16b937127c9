/** Signing keys change while two nodes run. */
import t from 'tap'
import { bearer, somebody, type Tokens, testEnvironment } from './support/app.ts'
import { PROJECT, startChild } from './support/child.ts'
import { call, startService } from './support/service.ts'
import { eventually } from './support/wait.ts'

t.test('after a rotation both nodes sign with the new key, and no valid token is refused', async (t) => {
  const environment = testEnvironment(t)
  const nodes = [await startService(t, environment), await startService(t, environment)]
  const register = await call<Tokens>(`${nodes[0]?.api}/auth/register`, somebody())
  let { access_token: newest, refresh_token } = register.body
  const old = newest
  const kidOf = (token: string) => JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString()).kid
  const me = async (api: string, token: string) => (await call(`${api}/users/me`, undefined, bearer(token))).status
  // keys that nobody knows are looked for once a second: that must not keep the new one from being found
  const stranger = `${Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"nobody"}').toString('base64url')}.e30.AA`

  const refused: string[] = []
  let rotated = false
  const check = async () => {
    while (!rotated) {
      for (const { api } of nodes) {
        if ((await me(api, stranger)) !== 401) refused.push('a stranger was let in')
        for (const token of [old, newest]) if ((await me(api, token)) !== 200) refused.push(kidOf(token))
      }
    }
  }
  const checking = check()
  const rotate = startChild(t, {
    args: [`${PROJECT}/src/cli.ts`, 'keys', 'rotate', '--now'],
    cwd: PROJECT,
    env: environment,
  })
  t.equal((await rotate.ended).code, 0)
  for (const { api } of nodes) {
    const begin = performance.now()
    await eventually(async () => {
      const { status, body } = await call<Tokens>(`${api}/auth/refresh`, { refresh_token })
      t.equal(status, 200)
      ;({ access_token: newest, refresh_token } = body)
      // whichever signed it: the other one believes it at once
      for (const other of nodes) if ((await me(other.api, newest)) !== 200) refused.push(kidOf(newest))
      return kidOf(newest) !== kidOf(old)
    })
    // within a second, and what a slow machine takes for the calls
    t.ok(performance.now() - begin < 5000, 'each node signs with the new key soon')
  }
  for (const { api } of nodes) t.equal(await me(api, old), 200, 'what the old one signed is believed still')
  rotated = true
  await checking
  t.strictSame(refused, [])
})
