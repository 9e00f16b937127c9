import t from 'tap'
import { post, somebody, startApp } from '../support/app.ts'
import { matchLists } from '../support/match.ts'
import { eventually } from '../support/wait.ts'

const ask = (app: Parameters<typeof post>[0], body: object) => post(app, '/auth/password/strength', body)

t.test('a password gets a score, and the word of the policy', async (t) => {
  const app = await startApp(t, { PASSWORD_POLICY: 'strict', SERVICE_NAME: 'Harbour Shop' })
  const weak = await ask(app, { password: 'P@ssw0rd!' })
  t.equal(weak.statusCode, 200)
  matchLists(t, weak.json(), {
    score: 1,
    accepted: false,
    code: 'password_common',
    detail: /^The password must not be a common one/,
    warning: /common/,
    suggestions: [/\w/, /\w/, /\w/],
  })
  const strong = (await ask(app, { password: 'correct horse battery staple' })).json()
  matchLists(t, strong, { score: 4, accepted: true, suggestions: [] })
  t.ok(strong.guesses_log10 > 15)
  t.notOk('code' in strong || 'detail' in strong)
  t.match((await ask(app, { password: 'x' })).json(), { score: 0, accepted: false, code: 'password_too_short' })
})

t.test('what the owner and the service are called makes it weaker', async (t) => {
  const app = await startApp(t, { PASSWORD_POLICY: 'strict', SERVICE_NAME: 'Zanzibar Tramways' })
  const names = { username: 'xanthippe.q', email: 'xq@example.org', name: '' }
  const worth = async (password: string, more = {}) => (await ask(app, { password, ...more })).json()
  const unknown = await worth('xanthippe.q77')
  const known = await worth('xanthippe.q77', names)
  t.ok(known.guesses_log10 < unknown.guesses_log10, `${known.guesses_log10} < ${unknown.guesses_log10}`)
  t.match(unknown, { accepted: true })
  t.match(known, { accepted: false, code: 'password_contains_name' })
  t.match(await worth('zanzibar-tramways'), { accepted: false, code: 'password_contains_name' })
})

t.test('with PASSWORD_POLICY=length only the length is refused', async (t) => {
  const app = await startApp(t, { PASSWORD_POLICY: 'length' })
  t.match((await ask(app, { password: 'letmein1' })).json(), { score: 0, accepted: true })
})

t.test('the longest and the worst of passwords hold nobody up, and too many are refused', async (t) => {
  const app = await startApp(t, { PASSWORD_POLICY: 'strict' })
  await ask(app, { password: 'the thread has started' })
  const worst = '4@8({[<369&#!1/|0$5+7%2z'.repeat(11).slice(0, 256)
  const began = performance.now()
  const asked = Array.from({ length: 100 }, () => ask(app, { password: worst }))
  await eventually(async () => (await app.inject({ url: '/health/live' })).statusCode === 200, 5000)
  const served = performance.now() - began
  const statuses = (await Promise.all(asked)).map(({ statusCode }) => statusCode)
  const all = performance.now() - began
  t.ok(served < all, 'another was served meanwhile')
  t.equal(statuses.filter((status) => status === 200).length, 64)
  t.equal(statuses.filter((status) => status === 503).length, 36)
  t.match(await ask(app, { password: `${worst}!`.slice(0, 257) }), { statusCode: 400 }, 'longer than any')
})

t.test('nothing of it is logged or kept', async (t) => {
  const app = await startApp(t)
  const { password, username } = somebody()
  await ask(app, { password, username })
  t.notMatch(app.logged(), username)
  const actions = await app.db.selectFrom('audit_events').select('action').execute()
  t.strictSame([...new Set(actions.map(({ action }) => action))], ['key.create'], 'the service’s own')
})
