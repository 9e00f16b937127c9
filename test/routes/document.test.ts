/** The contract and its pages: written once, kept by whoever has them, and switched off. */
import t from 'tap'
import { isOn } from '../../src/features.ts'
import { startApp } from '../support/app.ts'

const PLACES = ['/openapi.yaml', '/openapi.json', '/openapi-compat.yaml', '/openapi-compat.json', '/openapi-3.1.json']
const PAGES = [
  '/docs',
  '/docs/',
  '/docs/start.js',
  '/docs/compat',
  '/docs/compat/start.js',
  '/redoc',
  '/redoc/redoc.standalone.js',
]

t.test('the contract is written once, however often it is asked for', async (t) => {
  const app = await startApp(t)
  const { main, compat } = app.contracts
  t.equal(main?.document(), main?.document())
  t.equal(compat?.document(), compat?.document())
  for (const url of PLACES) {
    const first = await app.inject({ url })
    const second = await app.inject({ url })
    t.equal(first.statusCode, 200)
    t.equal(second.body, first.body)
    t.match(first.headers.etag, /^"[\w-]{43}"$/)
  }
})

t.test('who has it already is told so, and who has another gets this one', async (t) => {
  const app = await startApp(t)
  for (const url of PLACES) {
    const etag = String((await app.inject({ url })).headers.etag)
    for (const known of [etag, `W/${etag}`, `"another", ${etag}`]) {
      const answer = await app.inject({ url, headers: { 'if-none-match': known } })
      t.equal(answer.statusCode, 304, known)
      t.equal(answer.body, '')
      t.equal(answer.headers.etag, etag)
    }
    t.equal((await app.inject({ url, headers: { 'if-none-match': '"another"' } })).statusCode, 200)
  }
})

t.test('PUBLIC_URL is the server that both contracts name', async (t) => {
  const app = await startApp(t, { PUBLIC_URL: 'https://auth.example.org/sub' })
  for (const url of PLACES.filter((place) => place.endsWith('json'))) {
    const { servers, paths } = (await app.inject({ url })).json()
    t.match(servers[0], { url: 'https://auth.example.org/sub', description: /^This service/ })
    t.equal(servers.length, 1)
    t.ok(paths['/api/v1/auth/login'] ?? paths['/auth/login'])
  }
})

t.test('with DOCS=off neither the contract nor a page is there', async (t) => {
  const app = await startApp(t, { DOCS: 'off' })
  t.notOk(isOn(app.config, 'docs'))
  for (const url of PLACES) t.match((await app.inject({ url })).json(), { status: 404, code: 'feature_disabled' }, url)
  for (const url of PAGES) t.match((await app.inject({ url })).json(), { status: 404, code: 'not_found' }, url)
  t.equal((await app.inject({ url: '/health/live' })).statusCode, 200)
})
