/** The pages in a real browser, under the policy that they are served with, with scripts and without. */
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { isLeftOut, login, post, registerSomebody, startApp } from '../support/app.ts'
import { launch, watchPage } from '../support/browser.ts'
import { mailTo } from '../support/mail.ts'
import { matchLists } from '../support/match.ts'

const skip = isLeftOut('chromium') && 'no Chromium on this machine'

/** The service on a real port, a page in a browser, and what that complains of. */
async function visit(t: Test, javaScriptEnabled: boolean, locale: string) {
  const app = await startApp(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const browser = await launch(t)
  const page = await (await browser.newContext({ javaScriptEnabled, locale })).newPage()
  return {
    app,
    page,
    complaints: watchPage(page, origin),
    toPage: (link: string) => link.replace(/^http:\/\/[^/]+/, origin),
  }
}

for (const withScript of [false, true]) {
  t.test(
    `${withScript ? 'with' : 'without'} scripts, a link is followed and a password is set`,
    { skip },
    async (t) => {
      const { app, page, complaints, toPage } = await visit(t, withScript, 'de-DE')
      const person = await registerSomebody(app)
      const verification = await mailTo(app, 'email-verify', person.email)
      await page.goto(toPage(verification.link))
      t.equal(await page.title(), 'Bestätigen Sie Ihre E-Mail-Adresse – Latchkey')
      await page.getByRole('button', { name: 'Adresse bestätigen' }).click()
      // the account was made by another program than this browser
      await page.locator('#password:focus').waitFor()
      await page.getByText('Wenn Sie keines gewählt haben').waitFor()
      matchLists(t, complaints.splice(0), [/status of 403/], 'the browser itself reports a refusal, and nothing else')
      await page.getByLabel('Passwort', { exact: true }).fill(person.password)
      await page.getByRole('button', { name: 'Adresse bestätigen' }).click()
      await page.getByRole('heading', { name: 'Die Adresse ist bestätigt' }).waitFor()

      await post(app, '/auth/password/forgot', { email: person.email })
      const reset = await mailTo(app, 'password-reset', person.email)
      await page.goto(toPage(reset.link))
      const field = page.getByLabel('Neues Passwort')
      t.equal(await field.getAttribute('type'), 'password')
      await page.locator('#new_password:focus').waitFor()
      await field.fill('kurz')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').getByText('zu kurz').waitFor()
      matchLists(t, complaints.splice(0), [/status of 400/], 'the browser itself reports a refusal, and nothing else')
      t.match(await page.title(), /^Das hat nicht geklappt/)
      await page.locator('#new_password[aria-invalid=true]:focus').waitFor()
      t.notMatch(page.url(), reset.token)
      const password = 'ein neues, längeres Passwort'
      await field.fill(password)
      await page.getByRole('button', { name: 'Passwort setzen' }).click()
      await page.getByRole('heading', { name: 'Das Passwort ist gesetzt' }).waitFor()
      await login(app, person.username, password)
      t.strictSame(complaints, [])
    },
  )
}

t.test('the page looks as its style sheet says, and fits a telephone', { skip }, async (t) => {
  const { page, complaints, toPage } = await visit(t, true, 'en-US')
  await page.setViewportSize({ width: 320, height: 640 })
  await page.goto(toPage('http://x/reset-password?token=a-token'))
  const colour = await page.evaluate("getComputedStyle(document.querySelector('button')).backgroundColor")
  t.equal(colour, 'rgb(29, 91, 130)')
  t.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 320, 'nothing sticks out')
  t.strictSame(complaints, [])
})
