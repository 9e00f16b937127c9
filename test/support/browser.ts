/** A real Chromium, and what it complains of. */
import { spawnSync } from 'node:child_process'
import type { Browser, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import type { Test } from 'tap'

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Longest wait for anything on a page, in ms; a busy machine with one core needs some. */
const PATIENCE = 90_000

/** Starts the browser, with more arguments where the test needs them; it ends with the test. */
export async function launch(t: Test, more: readonly string[] = []): Promise<Browser> {
  const executablePath = spawnSync('which', ['chromium'], { encoding: 'utf8' }).stdout.trim()
  const browser = await chromium.launch({ executablePath, args: [...ARGUMENTS, ...more] })
  t.teardown(() => browser.close())
  return browser
}

/** Notes what a page complains of, violations of its policy among it, and whom it asks other than its own origin. */
export function watchPage(page: Page, origin: string): string[] {
  const complaints: string[] = []
  page.setDefaultTimeout(PATIENCE)
  // violations of the policy arrive as errors on the console
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    if (!/^(blob:|data:)/.test(request.url()) && new URL(request.url()).origin !== origin)
      complaints.push(`asks ${request.url()}`)
  })
  return complaints
}
