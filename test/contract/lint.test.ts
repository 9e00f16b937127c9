import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { CONTRACT_FILES } from '../../scripts/contract/read.ts'

const run = promisify(execFile)

for (const file of Object.values(CONTRACT_FILES)) {
  t.test(`Redocly’s strict rules find no error and no warning in ${file}`, async (t) => {
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
    const { stdout } = await run(process.execPath, ['node_modules/.bin/redocly', 'lint', file, '--format=json'], {
      env,
    })
    const { totals } = JSON.parse(stdout)
    t.match(totals, { errors: 0, warnings: 0, ignored: 0 })
  })
}
