/** The documentation pages in a real browser, under the policy that they are served with. */
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { operationsOf } from '../../plugins/openapi-document.ts'
import { readContract } from '../../scripts/contract/read.ts'
import { isLeftOut, somebody, startApp, type Tokens } from '../support/app.ts'
import { launch, watchPage } from '../support/browser.ts'
import { matchLists } from '../support/match.ts'

const document = readContract()

/** Opens a page of a running service, and notes what it complains of and whom else it asks. */
async function open(t: Test, path: string): Promise<{ page: Page; complaints: string[] }> {
  const app = await startApp(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const page = await (await launch(t)).newPage()
  const complaints = watchPage(page, origin)
  const response = await page.goto(`${origin}${path}`)
  const policy = response?.headers()['content-security-policy']
  t.match(policy, "script-src 'self';")
  t.notMatch(policy, 'unsafe')
  return { page, complaints }
}

/** Opens an operation, clicks "Try it out", fills in what it is given, and returns what was answered. */
async function tryOut(page: Page, operation: string, body?: object): Promise<{ status: string; body: string }> {
  const block = page.locator(`#operations-${operation}`)
  await block.locator('.opblock-summary-control').click()
  await block.getByRole('button', { name: 'Try it out' }).click()
  if (body) await block.locator('textarea.body-param__text').fill(JSON.stringify(body))
  await block.getByRole('button', { name: 'Execute' }).click()
  const answer = block.locator('.live-responses-table tr.response').first()
  const text = async (selector: string) => (await answer.locator(selector).first().innerText()).trim()
  return { status: await text('.response-col_status'), body: await text('.highlight-code code') }
}

async function authorize(page: Page, token: string): Promise<void> {
  await page.locator('.auth-wrapper').getByRole('button', { name: 'Authorize' }).click()
  const dialog = page.locator('.modal-ux')
  const scheme = dialog.locator('form').filter({ hasText: 'bearer (http' })
  await scheme.locator('input').fill(token)
  await scheme.getByRole('button', { name: 'Apply credentials' }).click()
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await dialog.waitFor({ state: 'detached' })
}

const skip = isLeftOut('chromium') && 'no Chromium on this machine'

t.test('in /docs one registers, authorises with the token and reads one’s account', { skip }, async (t) => {
  const { page, complaints } = await open(t, '/docs')
  t.equal(await page.title(), 'Latchkey')
  const person = somebody({ name: 'Ada' })
  const registered = await tryOut(page, 'auth-register', person)
  t.equal(registered.status, '201')
  await authorize(page, (JSON.parse(registered.body) as Tokens).access_token)
  const me = await tryOut(page, 'account-getMe')
  t.equal(me.status, '200')
  t.match(JSON.parse(me.body), { username: person.username, email: person.email, name: 'Ada' })
  t.strictSame(complaints, [])
})

t.test('in /docs a call without authorisation shows the problem that it met', { skip }, async (t) => {
  const { page, complaints } = await open(t, '/docs/')
  const me = await tryOut(page, 'account-getMe')
  t.equal(me.status, '401')
  t.equal(JSON.parse(me.body).code, 'token_missing')
  matchLists(t, complaints, [/status of 401/], 'the browser itself reports a refusal')
})

t.test('in /docs/compat one signs up and is greeted in the words of another service', { skip }, async (t) => {
  const { page, complaints } = await open(t, '/docs/compat')
  t.equal(await page.title(), 'Latchkey: calls of other services')
  const email = `${somebody().username}@example.org`
  const signedUp = await tryOut(page, 'python-jwt-template-pythonJwtTemplateSignUp', {
    email,
    password: 'a password for trying out',
    name: 'Ada',
  })
  t.equal(signedUp.status, '201')
  await authorize(page, JSON.parse(signedUp.body).jwt_token)
  const user = await tryOut(page, 'python-jwt-template-pythonJwtTemplateGetUser')
  t.match(JSON.parse(user.body), { status: 'success', details: { email, name: 'Ada' } })
  t.equal(await page.locator('#operations-auth-login').count(), 0)
  t.strictSame(complaints, [])
})

t.test('/redoc shows every operation, opens an answer and finds what is searched for', { skip }, async (t) => {
  const { page, complaints } = await open(t, '/redoc')
  for (const [, { operationId, summary }] of operationsOf(document)) {
    const heading = page.locator(`[id="operation/${operationId}"] h2`)
    t.equal((await heading.innerText()).trim(), summary)
  }
  await page.getByRole('button', { name: '409' }).first().click()
  await page.getByPlaceholder('Search...').fill('successor')
  await page.getByText('Exchange a refresh token for its successor').first().waitFor()
  t.strictSame(complaints, [])
})
