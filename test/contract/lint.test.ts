import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)

t.test('Redocly’s recommended rules find no error and no warning in the contract', async (t) => {
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const lint = ['node_modules/.bin/redocly', 'lint', 'openapi.yaml', '--format=json']
  const { stdout } = await run(process.execPath, lint, { env })
  const { totals } = JSON.parse(stdout)
  t.match(totals, { errors: 0, warnings: 0, ignored: 0 })
})
