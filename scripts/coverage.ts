/** `npm run coverage`: what the last `npm test` ran through, line by line, as pages to open in a browser. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'

const MEASURED = '.tap/coverage'
const REPORT = '.tap/report/index.html'

if (!existsSync(MEASURED) || readdirSync(MEASURED).length === 0) {
  process.stderr.write('nothing has been measured yet: run `npm test` first\n')
  process.exit(1)
}
// its words go unread unless it fails: it calls everything below 100 % an error, where our floor is in scripts/test.ts
const { status, stdout, stderr, error } = spawnSync('tap', ['report', 'html', '--no-browser'], { encoding: 'utf8' })
if (error) throw error
if (status !== 0) process.stderr.write(`${stdout}${stderr}`)
else process.stdout.write(`${resolve(REPORT)}\n`)
process.exit(status ?? 1)
